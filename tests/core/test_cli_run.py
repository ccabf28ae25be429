"""`harness run`, `plan` and `leaderboard`, over models that need no torch."""

from __future__ import annotations

import signal
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

TOY = str(Path(__file__).parent / "toy_plugin.py")
COLOURS = ("--model", "reader:", "--task", "toy/colours", "--data", "sample")


Command = Callable[..., Any]


@pytest.fixture
def command(
    run_command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    """Run a command in an empty folder, with the toy plugin and the reports."""
    others = set(entry_points(group="harness").names) - {"builtin", "reports"}
    monkeypatch.setenv("HARNESS_DISABLE_PLUGINS", ",".join(others))
    monkeypatch.chdir(tmp_path)

    return lambda *words: run_command(*words, "--plugin", TOY)


def test_a_run_ends_with_the_page(command: Command, tmp_path: Path) -> None:
    outcome = command("run", *COLOURS)
    assert (outcome.code, outcome.out.splitlines()[-1]) == (
        0,
        "leaderboard: runs/leaderboard.html",
    )
    page = (tmp_path / "runs" / "leaderboard.html").read_text(encoding="utf-8")
    assert "reader:" in page


def test_progress_goes_to_stderr_in_plain_lines(command: Command) -> None:
    lines = command("run", *COLOURS).error.splitlines()
    assert lines[0].endswith("1 cells, 0 in the store")
    assert lines[1].startswith(
        "[1/1] reader: · toy/colours · zero-shot · plain · seed 1  100.0"
    )


def test_a_second_run_finds_everything(command: Command) -> None:
    command("run", *COLOURS)
    assert "1 in the store already" in command("run", *COLOURS).out


def test_the_suffix_chooses_the_format(command: Command, tmp_path: Path) -> None:
    command("run", *COLOURS, "--out", "scores.csv")
    assert "toy/colours" in (tmp_path / "scores.csv").read_text(encoding="utf-8")


def test_a_failed_cell_means_exit_code_1_and_still_a_page(
    command: Command, tmp_path: Path
) -> None:
    outcome = command("run", *COLOURS, "--model", "broken:")
    assert (outcome.code, "1 done, 1 failed" in outcome.out) == (1, True)
    assert (tmp_path / "runs" / "leaderboard.html").exists()


def test_a_dry_run_writes_nothing(command: Command, tmp_path: Path) -> None:
    outcome = command("run", *COLOURS, "--dry-run")
    assert "1 evaluations, 1 to do, behind 0 trainings" in outcome.out
    assert list(tmp_path.iterdir()) == []


def test_a_plan_shows_what_cannot_be_asked(command: Command) -> None:
    outcome = command("plan", *COLOURS, "--model", "memory:blank")
    assert "can't be asked: memory:blank · toy/colours · zero-shot: " in outcome.out


def test_a_plan_knows_what_the_store_holds(command: Command) -> None:
    command("run", *COLOURS)
    assert "1 evaluations, 0 to do" in command("plan", *COLOURS).out


def test_a_suite_file_runs_and_options_override_it(
    command: Command, tmp_path: Path
) -> None:
    suite = "models: [reader:]\ntasks: [toy/colours]\ndata: sample\n"
    (tmp_path / "suite.yaml").write_text(suite, encoding="utf-8")
    outcome = command("plan", "suite.yaml", "--limit", "6", "--seed", "2")
    assert "6 of 20" in outcome.out


def test_a_leaderboard_is_written_again_from_the_store(
    command: Command, tmp_path: Path
) -> None:
    command("run", *COLOURS)
    outcome = command("leaderboard", "--out", "again.md", "--title", "Again")
    assert outcome.out == "leaderboard: again.md\n"
    assert "Again" in (tmp_path / "again.md").read_text(encoding="utf-8")


ENDS = """\
import os, signal
from harness import hookimpl

@hookimpl
def harness_train_step(event):
    os.kill(os.getpid(), signal.SIGTERM)
"""


def test_sigterm_ends_a_run_and_its_scratch_files(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "ends.py").write_text(ENDS, encoding="utf-8")
    before = signal.getsignal(signal.SIGTERM)
    learn = ("--model", "memory:blank", *COLOURS[2:], "--regime", "finetune:learn")
    outcome = command("run", *learn, "--plugin", "ends.py")
    signal.signal(signal.SIGTERM, before)
    assert outcome.code == 128 + signal.SIGTERM
    assert outcome.error.endswith(
        "interrupted: the same command goes on from what is done\n"
    )
    assert list((tmp_path / "runs" / "checkpoints").iterdir()) == []


def test_an_unknown_run_names_those_that_there_are(command: Command) -> None:
    run = command("run", *COLOURS).error.split()[1].rstrip(":")
    outcome = command("leaderboard", "--run", "last")
    assert f"unknown run 'last' in the store runs/store.sqlite: it holds {run}," in (
        outcome.error
    )


def test_a_page_that_cannot_be_written_leaves_the_results(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    outcome = command("run", *COLOURS, "--out", "file/page.html")
    assert (outcome.code, outcome.error.count("Traceback")) == (2, 0)
    assert "error: file/page.html can't be written (" in outcome.error
    assert command("leaderboard").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run",), "error: no models to run: name a suite file, or give --model"),
        (("run", "--model", "reader:"), "error: no tasks to run: name a suite file"),
        (("run", *COLOURS, "--model", "raeder:"), "'raeder': did you mean reader?"),
        (("run", *COLOURS, "--task", "toy/color"), "did you mean toy/colours"),
        (("run", *COLOURS, "--regime", "finetune:lurn"), "did you mean learn"),
        (("run", *COLOURS, "--regime", "ten-shot"), "unknown regime 'ten-shot'"),
        (("run", *COLOURS, "--out", "page.doc"), "page.doc has no suffix of a report"),
        (("run", *COLOURS, "--format", "htm"), "'htm': did you mean html?"),
        (("run", *COLOURS, "--dtype", "fp8"), "dtype='fp8'"),
        (("run", "none.yaml"), "none.yaml"),
        (("run", *COLOURS[:-1], "nowhere/"), "nowhere"),
        (("run", *COLOURS[:-1], ""), "needs a path: write --data DIR"),
        (("run", *COLOURS, "--device", "cuda:99"), "device 'cuda:99' is not there"),
        (("leaderboard", "--store", "none.sqlite"), "there is no store at none.sqlite"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    command: Command, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    outcome = command(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.error
    assert outcome.error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
