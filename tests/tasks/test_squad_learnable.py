"""The SQuAD samples are worth learning: the tiny model beats the majority.

One run of two epochs, then the exact binomial test over the questions that exactly
one of the two answers better.
"""

from __future__ import annotations

import pytest
from scipy import stats

from harness.api import open_store, run
from harness.builtin import harness_metrics
from harness.results import Results
from harness_squad.rows import TASKS

METRICS = {entry.name: entry for entry in harness_metrics()}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("learnable") / "store.sqlite")


@pytest.fixture(scope="module")
def results(place: str) -> Results:
    return run(
        ["bert:tiny", "majority:"],
        ["squad"],
        regimes=["finetune:full,epochs=2"],
        data="sample",
        device="cpu",
        store=place,
    )


def scores(results: Results, place: str, model: str, task: str) -> list[float]:
    (cell,) = [c for c in results.cells if (c.model, c.task) == (model, task)]
    with open_store(place) as store:
        pairs = store.predictions(cell.fingerprint)
    (row,) = [row for row in TASKS if row.id == task]
    metric = METRICS[row.metrics[0]].make((), {})
    statistics = metric.statistics([p for _, p in pairs], [e for e, _ in pairs])
    return [float(value) for value in statistics[:, 0]]


@pytest.mark.parametrize(("task", "margin"), [("squad/v1", 20), ("squad/v2", 3)])
def test_the_tiny_model_beats_the_majority(
    results: Results, place: str, task: str, margin: int
) -> None:
    tiny, majority = (
        scores(results, place, model, task) for model in ("bert:tiny", "majority:")
    )
    pairs = list(zip(tiny, majority, strict=True))
    won, lost = sum(a > b for a, b in pairs), sum(a < b for a, b in pairs)
    assert stats.binomtest(won, won + lost, alternative="greater").pvalue < 0.05
    assert 100 * (sum(tiny) - sum(majority)) / len(tiny) > margin


def test_the_search_for_a_threshold_only_helps(results: Results) -> None:
    (cell,) = [
        c for c in results.cells if (c.model, c.task) == ("bert:tiny", "squad/v2")
    ]
    values = {one.metric: one.value for one in cell.scores}
    assert values["squad2_best_f1"] >= values["squad2_f1"]
