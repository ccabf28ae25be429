"""Who may import whom, and what must not load before it is needed."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch",
    "numpy",
    "pandas",
    "transformers",
    "datasets",
    "pyarrow",
    "jinja2",
    "sqlalchemy",
    "scipy",
    "sklearn",
    "accelerate",
)
PLUGINS = sorted({point.value for point in entry_points(group="harness")})


def loaded_by(code: str) -> list[str]:
    """Return the heavy libraries that are loaded after some code, in a new process."""
    report = f"import sys; print(*[n for n in {HEAVY!r} if n in sys.modules])"
    command = [sys.executable, "-c", f"{code}\n{report}"]
    return subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.split()


def test_imports_follow_the_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == 0


@pytest.mark.parametrize("module", ["harness", "harness.testing", *PLUGINS])
def test_a_light_module_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") == []


def test_loading_all_plugins_loads_nothing_heavy() -> None:
    code = "from harness.plugins import load_plugins; load_plugins()"
    assert loaded_by(code) == []


def test_loading_all_plugins_loads_nothing_that_reads_checkpoints() -> None:
    code = """
import sys
from harness.plugins import load_plugins
load_plugins()
print(*[name for name in sys.modules if name.endswith(".checkpoint")])
"""
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


@pytest.mark.parametrize("words", [["list", "tasks"], ["show", "--help"], ["--help"]])
def test_a_light_command_loads_nothing_heavy(words: list[str]) -> None:
    code = f"""
import contextlib, io, sys
from harness.cli import main
sys.argv = ["harness", *{words!r}]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
"""
    assert loaded_by(code) == []


def test_the_test_would_notice_something_heavy() -> None:
    assert loaded_by("import numpy") == ["numpy"]
