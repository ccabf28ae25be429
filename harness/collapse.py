"""Whether a training collapsed: whether its model is no better than no model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from harness import stats
from harness.plan import EvaluateCell
from harness.plugins import Plugins
from harness.requests import JsonValue
from harness.task import Example, Prediction, Task


class Collapse(NamedTuple):
    """A fine-tuned cell beside the majority baseline.

    Attributes:
        majority: the baseline's headline score on the same examples, on the displayed
            scale; 0 where it is undefined, as a constant's correlation is.
        is_collapsed: whether the cell says the same of every example, or scores no
            better than the baseline.
    """

    majority: float
    is_collapsed: bool


def judge(
    cell: EvaluateCell,
    plugins: Plugins,
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
    score: float,
) -> Collapse | None:
    """Compare a fine-tuned cell with the majority baseline; None for other cells.

    Args:
        cell: what was evaluated.
        plugins: makes the metrics.
        predictions: one for each example, in the same order.
        examples: labelled examples.
        score: the mean of the cell's headline metrics, on the displayed scale.
    """
    if cell.train is None:
        return None
    problem = cell.task.problem
    learnt = cell.train.split if problem.learns_majority else ()
    simplest = problem.majority(examples, [example.target for example in learnt])
    baseline = [
        Prediction(id=example.id, value=value)
        for example, value in zip(examples, simplest, strict=True)
    ]
    majority = _headline(cell.task, plugins, baseline, examples)
    is_lower_better = plugins.metric(
        cell.task.headline_metrics[0], problem.labels
    ).is_lower_better
    floor = 0.0 if math.isnan(majority) else majority
    beats = score < floor if is_lower_better else score > floor
    return Collapse(floor, not beats or _is_constant(predictions, examples))


def _headline(
    task: Task,
    plugins: Plugins,
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> float:
    """Return the mean of the headline metrics on the displayed scale."""
    scores = []
    for spec in task.headline_metrics:
        metric = plugins.metric(spec, task.problem.labels)
        rows = metric.statistics(predictions, examples)
        scores.append(stats.score(metric, rows) * metric.scale)
    return sum(scores) / len(scores)


def _is_constant(
    predictions: Sequence[Prediction], examples: Sequence[Example]
) -> bool:
    """Tell whether one thing is said of examples of which different things are true."""
    said = [prediction.value for prediction in predictions]
    return _are_equal(said) and not _are_equal([example.target for example in examples])


def _are_equal(values: Sequence[JsonValue]) -> bool:
    return all(value == values[0] for value in values)
