"""Every task whose data is beside the repository runs on it.

Which tasks these are is told by the files alone, so that none is left out unseen.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import run
from harness.plugins import load_plugins
from harness.results import CellResult
from harness.task import Task
from tests.places import SHARED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (SHARED / "data").is_dir(), reason="there is no ../shared/data"
    ),
]

BASELINES = ("oracle:", "majority:")
UNLABELLED = "codexglue/cloze-maxmin/"
"""Answers of the cloze tests were never published."""


def has_file(task: Task, split: str) -> bool:
    return (SHARED / "data" / task.data.folder / f"{split}.parquet").is_file()


def answered(
    tasks: list[str], models: tuple[str, ...], folder: Path, split: str | None = None
) -> list[CellResult]:
    """Run baselines on a draw of each task and return the finished cells."""
    cells = run(
        models,
        tasks,
        data=str(SHARED / "data"),
        split=split,
        limit=50,
        skip_unavailable=True,
        store=folder / "store.sqlite",
    ).cells
    return [cell for cell in cells if cell.status == "done"]


@pytest.mark.parametrize("suite", ["codexglue", "glue", "squad", "superglue", "wmt"])
def test_the_oracle_is_perfect_and_the_majority_scored(
    suite: str, tmp_path: Path
) -> None:
    there = {
        task.id
        for task in load_plugins().find_tasks(suite)
        if has_file(task, task.data.evaluate) and not task.id.startswith(UNLABELLED)
    }
    cells = answered([suite], BASELINES, tmp_path)
    assert {cell.task: cell.score for cell in cells if cell.model == "oracle:"} == {
        task: pytest.approx(100, abs=0.1) for task in there
    }
    assert {c.task for c in cells if c.model == "majority:" and c.scores} == there


def test_a_task_with_training_rows_alone_runs_on_them(tmp_path: Path) -> None:
    cells = answered(["superglue/record"], BASELINES, tmp_path, split="train")
    assert {cell.model: cell.status for cell in cells} == dict.fromkeys(
        BASELINES, "done"
    )


def test_rows_without_answers_are_predicted_without_scores(tmp_path: Path) -> None:
    cells = answered([UNLABELLED[:-1]], ("random:",), tmp_path, split="submit")
    assert len(cells) == 6
    assert not any(cell.scores for cell in cells)
