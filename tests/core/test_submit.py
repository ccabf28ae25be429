"""Submissions: predicted without scores, checked, written whole, and read back."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLUGIN = str(Path(__file__).parent / "labels_plugin.py")
TASKS = ("marks/one", "marks/two")
SUITE = """\
models: ["majority:"]
data: sample
tasks:
  - {id: marks/one, split: submit}
  - marks/dev
"""
Run = Callable[..., Any]


class Bench:
    """Runs commands over one store."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self.folder = folder
        self.out = folder / "out"
        self._store = ("--store", str(folder / "store.sqlite"), "-p", PLUGIN)

    def predict(self, *models: str, tasks: tuple[str, ...] = TASKS, **more: str) -> Any:
        words = [word for model in models for word in ("--model", model)]
        words += [word for task in tasks for word in ("--task", task)]
        options = {"data": "sample", "split": "submit", **more}
        words += [word for k, v in options.items() for word in (f"--{k}", v)]
        return self._run("run", *words, *self._store)

    def predict_two_splits(self) -> None:
        """Predict a split without labels and one with, into files of one name."""
        suite = self.folder / "suite.yaml"
        suite.write_text(SUITE)
        self._run("run", str(suite), *self._store)

    def submit(self, *words: str) -> Any:
        return self._run("submit", *words, "--out", str(self.out), *self._store)

    def leaderboard(self, name: str) -> str:
        place = self.folder / name
        self._run("leaderboard", "--out", str(place), *self._store)
        return place.read_text()


@pytest.fixture
def bench(run_command: Run, tmp_path: Path) -> Bench:
    return Bench(run_command, tmp_path)


def test_a_split_without_labels_is_predicted_and_not_scored(bench: Bench) -> None:
    assert bench.predict("random:").code == 0
    assert "predicted, not scored" in bench.leaderboard("page.md")
    assert ">predicted</a>" in bench.leaderboard("page.html")
    lines = bench.leaderboard("page.csv").splitlines()
    assert len(lines) == 3
    assert ",done,,," in lines[1]


def test_the_command_that_repeats_a_cell_names_the_role(bench: Bench) -> None:
    bench.predict("random:", tasks=("marks/one",))
    (cell,) = json.loads(bench.leaderboard("page.json"))["cells"]
    assert "--split submit" in cell["provenance"]["command"]


def test_what_was_predicted_is_not_predicted_again(bench: Bench) -> None:
    bench.predict("random:")
    assert "2 in the store already" in bench.predict("random:").out


def test_a_baseline_learns_from_training_targets(bench: Bench) -> None:
    assert bench.predict("majority:").code == 0


def test_a_split_without_labels_must_be_asked_for_by_its_role(bench: Bench) -> None:
    outcome = bench.predict("random:", split="test")
    assert outcome.code == 2
    assert "or predict without scores with --split submit" in outcome.error


def test_a_task_without_such_a_split_submits_the_evaluated_one(bench: Bench) -> None:
    bench.predict("majority:", tasks=("marks/dev",))
    assert bench.submit("folder").code == 0


def test_a_zip_holds_every_file_and_reads_back(bench: Bench) -> None:
    bench.predict("majority:")
    outcome = bench.submit("marks")
    assert outcome.code == 0
    with zipfile.ZipFile(bench.out / "marks-majority.zip") as file:
        texts = {name: file.read(name).decode() for name in file.namelist()}
    doubts = json.dumps({str(n): 0.25 for n in range(10)})
    labels = "RED\n" * 10
    assert texts == {
        "doubts.json": doubts,
        "one.txt": labels,
        "two.txt": labels,
        "who.txt": "us\n",
    }
    assert outcome.out.splitlines()[-1] == "send it to us"


def test_equal_predictions_make_equal_archives(bench: Bench) -> None:
    bench.predict("majority:")
    bench.submit("marks")
    first = (bench.out / "marks-majority.zip").read_bytes()
    bench.submit("marks")
    assert (bench.out / "marks-majority.zip").read_bytes() == first


def test_a_folder_keeps_tasks_apart_whose_files_have_one_name(bench: Bench) -> None:
    bench.predict_two_splits()
    assert bench.submit("folder").code == 0
    written = bench.out / "folder-majority"
    found = {str(path.relative_to(written)) for path in written.rglob("*.txt")}
    assert found == {"one/one.txt", "dev/one.txt"}


def test_a_folder_is_not_written_over(bench: Bench) -> None:
    bench.predict_two_splits()
    bench.submit("folder")
    assert "folder-majority is there already" in bench.submit("folder").error


def test_a_missing_task_is_listed_and_refused(bench: Bench) -> None:
    bench.predict("majority:", tasks=("marks/one",))
    outcome = bench.submit("marks")
    assert outcome.code == 2
    assert "marks/two: split 'test' was not predicted" in outcome.error
    assert not bench.out.exists()


def test_a_missing_task_may_be_left_out(bench: Bench) -> None:
    bench.predict("majority:", tasks=("marks/one",))
    found = json.loads(bench.submit("marks", "--partial", "--json").out)
    assert found["missing"] == {"marks/two": "split 'test' was not predicted"}
    assert set(found["sha256"]) == {"one.txt", "who.txt"}


@pytest.mark.parametrize(
    ("benchmark", "words", "message"),
    [
        ("marks", (), "majority: and random:, expected one model: name it with --m"),
        ("marks", ("--model", "oracle:"), "no predictions of 'oracle:', only of majo"),
        ("closed", (), "closed takes no submissions"),
        ("mark", (), "unknown benchmark 'mark': did you mean marks"),
        ("marks", ("--run", "x"), "unknown run 'x' in the store"),
        (
            "marks",
            ("--model", "majority:", "--regime", "few-shot:2"),
            "majority: was not run as 'few-shot:2', only as baseline",
        ),
    ],
)
def test_a_wrong_word_is_one_clear_error(
    bench: Bench, benchmark: str, words: tuple[str, ...], message: str
) -> None:
    bench.predict("majority:", "random:")
    outcome = bench.submit(benchmark, *words)
    assert outcome.code == 2
    assert message in outcome.error


def test_a_run_without_its_tasks_says_so(bench: Bench) -> None:
    bench.predict("majority:", tasks=("marks/bare",))
    assert "the run has no predictions of deaf" in bench.submit("deaf").error


def test_a_part_of_a_split_is_refused(bench: Bench) -> None:
    bench.predict("majority:", limit="3")
    message = "marks/one: 3 of 10 examples were predicted, expected all"
    assert message in bench.submit("marks").error


def test_a_file_that_reads_back_otherwise_is_refused(bench: Bench) -> None:
    bench.predict("random:", tasks=("marks/deaf",))
    outcome = bench.submit("deaf")
    assert outcome.code == 2
    assert "deaf.txt of marks/deaf reads back example" in outcome.error
    assert not bench.out.exists()


def test_one_name_twice_in_a_flat_archive_is_refused(bench: Bench) -> None:
    bench.predict_two_splits()
    assert "the archive would hold one.txt twice" in bench.submit("twice").error
