"""The built-in samples are worth learning: the tiny model beats the majority.

One run of two epochs on every GLUE task, then the exact McNemar test (McNemar 1947,
here as the binomial test over the examples that exactly one model gets right).
"""

from __future__ import annotations

import pytest
from scipy import stats

from harness.api import checkpoints_of, open_store, run
from harness.plugins import load_plugins
from harness.results import CellResult, Results

CLASSIFICATION = (
    "glue/cola",
    "glue/sst2",
    "glue/mrpc",
    "glue/qqp",
    "glue/mnli/matched",
    "glue/mnli/mismatched",
    "glue/qnli",
    "glue/rte",
    "glue/wnli",
    "glue/ax",
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("learnable") / "store.sqlite")


@pytest.fixture(scope="module")
def results(place: str) -> Results:
    return run(
        ["bert:tiny", "majority:"],
        ["glue"],
        regimes=["finetune:full,epochs=2"],
        data="sample",
        device="cpu",
        store=place,
    )


def cell(results: Results, model: str, task: str) -> CellResult:
    (found,) = [c for c in results.cells if (c.model, c.task) == (model, task)]
    return found


def right(place: str, found: CellResult) -> list[bool]:
    with open_store(place) as store:
        pairs = store.predictions(found.fingerprint)
    return [prediction.value == example.target for example, prediction in pairs]


@pytest.mark.parametrize("task", CLASSIFICATION)
def test_the_tiny_model_beats_the_majority(
    results: Results, place: str, task: str
) -> None:
    tiny, majority = (
        right(place, cell(results, model, task)) for model in ("bert:tiny", "majority:")
    )
    won = sum(a and not b for a, b in zip(tiny, majority, strict=True))
    lost = sum(b and not a for a, b in zip(tiny, majority, strict=True))
    assert won > lost
    assert stats.binomtest(won, won + lost).pvalue < 0.05


def test_the_tiny_model_orders_similarity(results: Results) -> None:
    found = cell(results, "bert:tiny", "glue/stsb")
    assert found.low is not None
    assert found.low > 0


def test_mnli_and_its_diagnostic_share_one_training(
    results: Results, place: str
) -> None:
    assert len(list(checkpoints_of(place).iterdir())) == 9
    tasks = ("glue/mnli/matched", "glue/mnli/mismatched", "glue/ax")
    cells = [cell(results, "bert:tiny", task) for task in tasks]
    assert len({found.provenance["checkpoint"] for found in cells}) == 1


def test_the_benchmark_has_its_aggregate(results: Results) -> None:
    (glue,) = (b for b in load_plugins().benchmarks.values() if b.id == "glue")
    scores = {c.task: c.score or 0.0 for c in results.cells if c.model == "bert:tiny"}
    aggregate = glue.aggregate(scores)
    assert aggregate is not None
    assert 50 < aggregate <= 100
