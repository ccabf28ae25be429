"""What the READMEs show is extracted, loaded and run."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness import hookspecs
from harness.plugins import load_plugins

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins" / "README.md"
TASKS = ROOT / "tasks" / "README.md"


def blocks(readme: Path, language: str) -> list[str]:
    """Return the code blocks of a language, in order."""
    text = readme.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def run_block(code: str) -> ModuleType:
    """Run a code block as a module and return it."""
    module = ModuleType("block")
    exec(compile(code, "README", "exec"), vars(module))
    return module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder that holds the READMEs' files."""
    (tmp_path / "parrot.py").write_text(blocks(PLUGINS, "python")[0])
    (tmp_path / "weather.py").write_text(blocks(TASKS, "python")[0])
    (tmp_path / "reviews.yaml").write_text(blocks(TASKS, "yaml")[0])
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_the_model_plugin_loads(folder: Path) -> None:
    assert list(load_plugins(["parrot.py"], entry_points=False).models) == ["parrot"]


def test_the_check_of_the_model_plugin_passes(folder: Path) -> None:
    check: Any = run_block(blocks(PLUGINS, "python")[1])
    check.test_answers_do_not_depend_on_the_batch()


def test_the_task_plugin_loads(folder: Path) -> None:
    assert list(load_plugins(["weather.py"], entry_points=False).tasks) == [
        "my/weather"
    ]


def test_the_check_of_the_task_plugin_passes(folder: Path) -> None:
    check: Any = run_block(blocks(TASKS, "python")[1])
    check.test_weather_is_sound()


def test_the_yaml_row_loads(folder: Path) -> None:
    assert list(load_plugins(["reviews.yaml"], entry_points=False).tasks) == [
        "my/reviews"
    ]


def test_the_documented_way_to_load_in_a_notebook_works(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_block(blocks(ROOT / "docs" / "plugins.md", "python")[0])
    assert capsys.readouterr().out == "['my/weather']\n"


def test_the_task_and_the_model_run_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.cli import main

    words = "run --plugin parrot.py --plugin weather.py --model parrot: --task my"
    words += " --data sample --store store.sqlite --out scores.csv"
    monkeypatch.setattr(sys, "argv", ["harness", *words.split()])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert not exit_.value.code, capsys.readouterr().err
    (score,) = csv.DictReader((folder / "scores.csv").read_text().splitlines())
    assert (score["model"], score["task"]) == ("parrot:", "my/weather")


@pytest.mark.parametrize(
    "hook", [name for name in vars(hookspecs) if name.startswith("harness_")]
)
def test_every_hook_has_its_line_in_the_readme(hook: str) -> None:
    assert f"| `{hook}` |" in PLUGINS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page",
    sorted(
        page
        for page in ROOT.rglob("*.md")
        if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
    ),
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text("utf-8"))
    missing = [name for name in targets if not (page.parent / name).exists()]
    assert missing == []
