"""What the project's README shows works as it stands there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.results import Results

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
Command = Callable[..., Any]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    """Return every `harness` command that a console block shows."""
    lines = "\n".join(blocks("console")).replace("\\\n", " ").splitlines()
    shown = [line.removeprefix("$ ") for line in lines if line.startswith("$ harness")]
    return [shlex.split(line)[1:] for line in shown]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with the README's files and data for them."""
    suite, reviews = blocks("yaml")
    (tmp_path / "suite.yaml").write_text(suite)
    (tmp_path / "reviews.yaml").write_text(reviews)
    folder = tmp_path / "data" / "reviews"
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        (folder / f"{split}.csv").write_text("text,label\nfine,1\ndull,negative\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_command_is_a_plan_that_holds(run_command: Command) -> None:
    outcome = run_command(*commands()[0], "--dry-run")
    assert "33 evaluations, 33 to do, behind 9 trainings" in outcome.out


def test_every_other_command_has_options_that_exist(run_command: Command) -> None:
    for words in commands():
        assert run_command(*words, "--help").code == 0


@pytest.mark.usefixtures("here")
def test_the_suite_file_is_a_suite() -> None:
    from harness.suite import load_suite

    suite = load_suite(Path("suite.yaml"))
    assert suite.regimes == ["finetune:full,epochs=2,learning_rate=3e-05"]
    assert (suite.models[1], suite.choices("glue/rte")[0].limit) == ("majority:", 100)


@pytest.mark.usefixtures("here")
def test_the_task_in_ten_lines_can_be_shown(run_command: Command) -> None:
    words = ("show", "my/reviews", "--plugin", "reviews.yaml", "--data", "./data")
    assert "Sentiment:" in run_command(*words).out


def test_the_task_has_about_ten_lines() -> None:
    rows = [line for line in blocks("yaml")[1].splitlines() if "#" not in line]
    assert len(rows) <= 10


@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_the_python_call_gives_results() -> None:
    space: dict[str, Any] = {}
    exec(compile(blocks("python")[0], "README", "exec"), space)
    results = space["results"]
    assert isinstance(results, Results)
    assert {cell.status for cell in results.cells} == {"done"}


def test_every_command_of_the_table_exists(run_command: Command) -> None:
    for name in re.findall(r"^\| `harness (\w+)", README, re.MULTILINE):
        assert run_command(name, "--help").code == 0
