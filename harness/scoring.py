"""From predictions to scores with intervals and signatures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness import stats
from harness.metric import Metric, signature
from harness.plugins import Plugins
from harness.results import CellScore
from harness.task import Example, Prediction, Task

if TYPE_CHECKING:
    from harness.metric import Floats

Confusion = tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]


class Scored(NamedTuple):
    """Every metric of a task, and the interval of its headline score."""

    scores: tuple[CellScore, ...]
    headline: stats.Interval


def score_task(
    task: Task,
    plugins: Plugins,
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> Scored:
    """Score predictions by every metric of their task.

    Args:
        task: says which metrics, and which of them make the headline.
        plugins: makes the metrics.
        predictions: one for each example, in the same order.
        examples: labelled examples.

    Raises:
        DataError: a metric can't count a prediction.
    """
    metrics = {spec: plugins.metric(spec, task.problem.labels) for spec in task.metrics}
    rows = {
        spec: metric.statistics(predictions, examples)
        for spec, metric in metrics.items()
    }
    headline = task.headline_metrics
    joint = stats.joint_interval(
        [metrics[spec] for spec in headline], [rows[spec] for spec in headline]
    )
    scores = tuple(
        _score(
            spec,
            metric,
            rows[spec],
            undefined=plugins.metrics[metric.name].undefined,
            signature=signature(metric, len(rows[spec]), examples),
            is_headline=spec in headline,
        )
        for spec, metric in metrics.items()
    )
    return Scored(scores, joint)


def selection_score(
    task: Task,
    plugins: Plugins,
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> float:
    """Return the task's first metric, which checkpoints are selected by; high is good.

    An undefined score counts as the worst there is.
    """
    metric = plugins.metric(task.metrics[0], task.problem.labels)
    value = stats.score(metric, metric.statistics(predictions, examples))
    if math.isnan(value):
        return -math.inf
    return -value if metric.is_lower_better else value


def confusion(
    labels: Sequence[str],
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> Confusion | None:
    """Count targets against predictions, unparsable ones left out; None if unlabelled.

    Returns:
        The label names and counts[target][predicted].
    """
    if not labels:
        return None
    index = {label: position for position, label in enumerate(labels)}
    counts = [[0] * len(labels) for _ in labels]
    for prediction, example in zip(predictions, examples, strict=True):
        if prediction.value in index:
            counts[index[str(example.target)]][index[str(prediction.value)]] += 1
    return tuple(labels), tuple(tuple(row) for row in counts)


def _score(
    spec: str,
    metric: Metric,
    rows: Floats,
    *,
    undefined: str,
    signature: str,
    is_headline: bool,
) -> CellScore:
    found = stats.interval(metric, rows)
    is_told = found is stats.UNDEFINED and undefined != ""
    return CellScore(
        metric=spec,
        signature=signature,
        value=stats.score(metric, rows),
        low=found.low,
        high=found.high,
        method=f"{found.method}: {undefined}" if is_told else found.method,
        scale=metric.scale,
        units=len(rows),
        is_headline=is_headline,
        is_lower_better=metric.is_lower_better,
    )
