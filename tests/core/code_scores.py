"""Score texts by a metric that is named as in a task's row."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Example, Prediction
from harness.builtin import harness_metrics
from harness.metric import Metric
from harness.requests import JsonValue
from harness.stats import score
from harness.task import parse_spec

ENTRIES = {entry.name: entry for entry in harness_metrics()}


def metric_of(spec: str) -> Metric:
    name, options = parse_spec(spec)
    return ENTRIES[name].make((), options)


def predictions_of(values: Sequence[JsonValue]) -> list[Prediction]:
    return [Prediction(id=str(n), value=value) for n, value in enumerate(values)]


def examples_of(targets: Sequence[JsonValue]) -> list[Example]:
    return [
        Example(id=str(n), columns={}, target=target)
        for n, target in enumerate(targets)
    ]


def score_of(
    spec: str, values: Sequence[JsonValue], targets: Sequence[JsonValue]
) -> float:
    metric = metric_of(spec)
    rows = metric.statistics(predictions_of(values), examples_of(targets))
    return score(metric, rows)
