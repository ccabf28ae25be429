"""The built-in samples are worth learning: the tiny model beats the majority.

One run of two epochs on every SuperGLUE task; the tiny model's interval must lie above
the baseline's score.
"""

from __future__ import annotations

import pytest

from harness.api import checkpoints_of, run
from harness.results import CellResult, Results
from harness_superglue.plugin import harness_benchmarks, harness_tasks

TASKS = [task.id for task in harness_tasks()]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("learnable") / "store.sqlite")


@pytest.fixture(scope="module")
def results(place: str) -> Results:
    return run(
        ["bert:tiny", "majority:"],
        ["superglue"],
        regimes=["finetune:full,epochs=2"],
        data="sample",
        device="cpu",
        store=place,
    )


def cell(results: Results, model: str, task: str) -> CellResult:
    (found,) = [c for c in results.cells if (c.model, c.task) == (model, task)]
    return found


@pytest.mark.parametrize("task", TASKS)
def test_the_tiny_model_beats_the_majority(results: Results, task: str) -> None:
    tiny, majority = (cell(results, m, task) for m in ("bert:tiny", "majority:"))
    assert tiny.low is not None
    assert majority.score is not None
    assert tiny.low > majority.score


def test_diagnostic_sets_share_the_training_of_rte(
    results: Results, place: str
) -> None:
    assert len(list(checkpoints_of(place).iterdir())) == 8
    tasks = ("superglue/rte", "superglue/axb", "superglue/axg")
    cells = [cell(results, "bert:tiny", task) for task in tasks]
    assert len({found.provenance["checkpoint"] for found in cells}) == 1


def test_the_benchmark_has_its_aggregate(results: Results) -> None:
    (superglue,) = harness_benchmarks()
    scores = {c.task: c.score or 0.0 for c in results.cells if c.model == "bert:tiny"}
    aggregate = superglue.aggregate(scores)
    assert aggregate is not None
    assert 60 < aggregate <= 100
