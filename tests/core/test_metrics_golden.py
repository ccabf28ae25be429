"""Scores equal the official GLUE scorer's, case by case.

Each case holds a scorer's inputs and its output; `official_source` in the file names
repository, commit and entry point. Cases that rules made are kept here; cases with
real predictions come from the shared folder where there is one. The averages of
published rows are tested with the benchmark itself, in tests/tasks.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness import DataError, Example, Prediction
from harness.metric import Metric
from harness.metrics.entries import METRICS
from harness.stats import score
from tests.places import SHARED

Case = Mapping[str, Any]

COPIES = Path(__file__).parent / "golden" / "glue"


def _shared_files() -> list[Path]:
    copied = {path.name for path in COPIES.iterdir()}
    folder = SHARED / "golden" / "glue"
    found = (path for path in folder.glob("*") if path.name not in copied)
    return sorted(path for path in found if not path.name.startswith("average-"))


def _load(path: Path) -> Case:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    case: Case = json.loads(text)
    return case


def _metric(name: str, labels: tuple[str, ...] = (), **options: str) -> Metric:
    (entry,) = [entry for entry in METRICS if entry.name == name]
    return entry.make(labels, options)


def _evaluate(metric: Metric, inputs: Mapping[str, Any], *, as_label: bool) -> float:
    wrap: Callable[[Any], Any] = str if as_label else float
    predictions = [
        Prediction(id=str(n), value=wrap(value))
        for n, value in enumerate(inputs["predictions"])
    ]
    examples = [
        Example(id=str(n), columns={}, target=wrap(value))
        for n, value in enumerate(inputs["references"])
    ]
    return score(metric, metric.statistics(predictions, examples))


def _accuracy(inputs: Mapping[str, Any]) -> dict[str, float]:
    count = max([2, *(value + 1 for value in inputs["references"])])
    labels = tuple(str(number) for number in range(count))
    metric = _metric("accuracy", labels)
    return {"accuracy": _evaluate(metric, inputs, as_label=True)}


def _acc_and_f1(inputs: Mapping[str, Any]) -> dict[str, float]:
    metric = _metric("f1", ("0", "1"), positive=str(inputs["positive_label"]))
    scores = _accuracy(inputs)
    scores["f1"] = _evaluate(metric, inputs, as_label=True)
    return {**scores, "acc_and_f1": (scores["accuracy"] + scores["f1"]) / 2}


def _matthews(inputs: Mapping[str, Any]) -> dict[str, float]:
    count = max([2, *(value + 1 for value in inputs["references"])])
    metric = _metric("matthews", tuple(str(number) for number in range(count)))
    return {"matthews_correlation": _evaluate(metric, inputs, as_label=True)}


def _correlations(inputs: Mapping[str, Any]) -> dict[str, float]:
    pearson = _evaluate(_metric("pearson"), inputs, as_label=False)
    spearman = _evaluate(_metric("spearman"), inputs, as_label=False)
    corr = (pearson + spearman) / 2
    return {"pearson": pearson, "spearmanr": spearman, "corr": corr}


SCORERS: dict[str, Callable[[Mapping[str, Any]], dict[str, float]]] = {
    "accuracy": _accuracy,
    "mnli_matched_accuracy": _accuracy,
    "mnli_mismatched_accuracy": _accuracy,
    "acc_and_f1": _acc_and_f1,
    "matthews_correlation": _matthews,
    "pearson_spearman": _correlations,
}
NOT_OFFERED = {"by_heuristic_entailed", "by_heuristic_non_entailed"}
"""Keys of the HANS script, which GLUE's scorer does not have."""


def _check(case: Case) -> None:
    scorer, expected = SCORERS[case["metric"]], case["expected"]
    if "error" in expected:
        with pytest.raises(DataError, match=r"expected"):
            scorer(case["inputs"])
        return
    scores = scorer(case["inputs"])
    assert expected.keys() - NOT_OFFERED == scores.keys() & expected.keys()
    for key, value in scores.items():
        tolerance = case["tolerance"]
        absolute = tolerance[key] if isinstance(tolerance, dict) else tolerance
        wanted = math.nan if expected[key] == "NaN" else expected[key]
        assert value == pytest.approx(wanted, abs=absolute, rel=0, nan_ok=True), key


@pytest.mark.parametrize("path", sorted(COPIES.iterdir()), ids=lambda path: path.stem)
def test_score_equals_the_official_scorer(path: Path) -> None:
    _check(_load(path))


@pytest.mark.parametrize("path", _shared_files(), ids=lambda path: path.stem)
def test_score_on_real_predictions_equals_the_official_scorer(path: Path) -> None:
    _check(_load(path))
