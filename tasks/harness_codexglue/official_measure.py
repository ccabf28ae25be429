"""Run registered metrics over the values that an official scorer was given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness import DataError, Example, Prediction
from harness.official import make_metric
from harness.requests import JsonValue

if TYPE_CHECKING:
    from harness.metric import Floats


class Measured(NamedTuple):
    """A metric's score, on its own scale, and the statistics that it comes from."""

    score: float
    statistics: Floats


def measure(
    name: str,
    predictions: Sequence[JsonValue],
    targets: Sequence[JsonValue],
    labels: tuple[str, ...] = (),
    **options: str,
) -> Measured:
    """Score predictions by a registered metric.

    Args:
        name: the metric's name.
        predictions: what was said, one for each target.
        targets: what is right.
        labels: label names, for metrics that count them.
        options: the metric's options, as a task's row writes them.

    Raises:
        DataError: there is nothing to score, a value is none that the metric knows,
            or the score is undefined: the official script fails there too.
    """
    from harness.stats import score as score_of

    metric = make_metric(name, labels, **options)
    said = [Prediction(id=str(n), value=value) for n, value in enumerate(predictions)]
    examples = [
        Example(id=str(n), columns={}, target=target)
        for n, target in enumerate(targets)
    ]
    statistics = metric.statistics(said, examples)
    score = score_of(metric, statistics)
    if math.isnan(score):
        raise DataError(
            f"{name} is undefined here, expected at least one text that is not empty "
            "on either side: correct the files"
        )
    return Measured(score, statistics)
