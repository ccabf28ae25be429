"""Correlations of predicted and true numbers: Pearson and Spearman.

They equal scipy's `pearsonr` and `spearmanr`, which the official GLUE scorer calls,
on the sample in which every example stands as often as its weight says. A constant
side is undefined (NaN), as it is there.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.requests import JsonValue
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Correlation:
    """What the two correlations share: statistics are (prediction, target) pairs.

    Attributes:
        unparsable: the number that a prediction of None counts as. Without one the
            score is undefined (NaN) as soon as a prediction is None, since no number
            is right for all tasks; T5's evaluation of STS-B takes -1, which lies
            below every label (`string_to_float` in its postprocessors.py).
        options: the options as the task wrote them.
    """

    unparsable: float | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    name: str = field(init=False)
    version: int = field(default=1, init=False)
    unit: str = field(default="example", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        if len(examples) < 2:
            raise DataError(
                f"{self.name}: there are {len(examples)} examples to score, expected "
                "at least two: check the split and the limit"
            )
        unread = math.nan if self.unparsable is None else self.unparsable
        rows = [
            (
                unread
                if prediction.value is None
                else _number(self.name, "prediction", prediction.id, prediction.value),
                _number(self.name, "target", example.id, example.target),
            )
            for prediction, example in zip(predictions, examples, strict=True)
        ]
        return np.array(rows, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pearson(_Correlation):
    """Pearson's correlation; NaN where a side is constant."""

    name: str = field(default="pearson", init=False)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        if np.isnan(statistics).any():
            return np.full(len(weights), np.nan)
        predicted, target = statistics.T
        return _correlate(predicted[None], target[None], weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spearman(_Correlation):
    """Spearman's rank correlation, ties at their mean rank; NaN where a side is constant."""

    name: str = field(default="spearman", init=False)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        if np.isnan(statistics).any():
            return np.full(len(weights), np.nan)
        predicted, target = statistics.T
        ranks = _weighted_ranks(predicted, weights), _weighted_ranks(target, weights)
        return _correlate(*ranks, weights)


_LARGEST = sys.float_info.max


def _number(metric: str, what: str, example: str, value: JsonValue) -> float:
    is_flag = isinstance(value, bool)
    if isinstance(value, int | float) and not is_flag and abs(value) <= _LARGEST:
        return float(value)
    raise DataError(
        f"{metric}: the {what} {value!r} of example {example!r} is no finite number: "
        f"correct the {what}"
    )


def _weighted_ranks(values: Floats, weights: Floats) -> Floats:
    """Return mid-ranks in the expanded samples, shape of the weights (draws, units)."""
    levels, level_of = np.unique(values, return_inverse=True)
    order = np.argsort(level_of, kind="stable")
    starts = np.searchsorted(level_of[order], np.arange(len(levels)))
    counts = np.add.reduceat(weights[:, order], starts, axis=1)  # (draws, levels)
    ranks: Floats = np.cumsum(counts, axis=1) - (counts - 1) / 2
    return ranks[:, level_of]


def _correlate(left: Floats, right: Floats, weights: Floats) -> Floats:
    """Correlate (1 or draws, units) values under (draws, units) weights."""
    left, right = _centred(left, weights), _centred(right, weights)
    covariance = (weights * left * right).sum(axis=1)
    spread = (weights * left**2).sum(axis=1)
    other_spread = (weights * right**2).sum(axis=1)
    scale = np.sqrt(spread) * np.sqrt(other_spread)
    result = np.full(len(weights), np.nan)
    np.divide(covariance, scale, out=result, where=scale > 0)
    clipped: Floats = np.clip(result, -1.0, 1.0)
    return clipped


def _centred(values: Floats, weights: Floats) -> Floats:
    """Subtract each draw's weighted mean.

    Counting from the first value that the draw holds makes a constant draw exactly
    zero, so that it is told from a nearly constant one without a threshold.
    """
    values = np.broadcast_to(values, weights.shape)
    first = np.argmax(weights > 0, axis=1)
    shifted = values - np.take_along_axis(values, first[:, None], axis=1)
    mean = (weights * shifted).sum(axis=1) / weights.sum(axis=1)
    centred: Floats = shifted - mean[:, None]
    return centred
