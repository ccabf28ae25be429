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
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
        return _correlate_sums(statistics, weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spearman(_Correlation):
    """Spearman's rank correlation, ties at their mean rank; NaN where a side is constant."""

    name: str = field(default="spearman", init=False)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        if np.isnan(statistics).any():
            return np.full(len(weights), np.nan)
        said, right = map(_levels, statistics.T)
        size = max(1, WEIGHTS_AT_ONCE // len(statistics))
        parts = [weights[at : at + size] for at in range(0, len(weights), size)]
        return np.concatenate([_correlate_ranks(said, right, part) for part in parts])


_LARGEST = sys.float_info.max
WEIGHTS_AT_ONCE = 100_000
"""How many weights are ranked at a time: what fits into a processor's cache."""
LOST = 1e-6
"""Share of a sum of squares below which what is left of it has too few true digits."""


def _number(metric: str, what: str, example: str, value: JsonValue) -> float:
    is_flag = isinstance(value, bool)
    if isinstance(value, int | float) and not is_flag and abs(value) <= _LARGEST:
        return float(value)
    raise DataError(
        f"{metric}: the {what} {value!r} of example {example!r} is no finite number: "
        f"correct the {what}"
    )


class _Levels(NamedTuple):
    """The distinct values of a column, from the lowest.

    Attributes:
        order: units by level, None where they stand so already.
        starts: where each level begins among them, None where each unit is a level.
        level_of: each unit's level.
    """

    order: NDArray[np.intp] | None
    starts: NDArray[np.intp] | None
    level_of: NDArray[np.intp]


def _levels(values: Floats) -> _Levels:
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    is_new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    level_of = np.empty(len(values), dtype=np.intp)
    level_of[order] = np.cumsum(is_new) - 1
    is_in_order = np.array_equal(order, np.arange(len(order)))
    return _Levels(
        order=None if is_in_order else order,
        starts=None if is_new.all() else np.flatnonzero(is_new),
        level_of=level_of,
    )


class _Ranks(NamedTuple):
    """How far units' mid-ranks lie from the mean rank, in the expanded samples.

    Attributes:
        distance: of each unit, (draws, units).
        spread: the sum of the squares over each expanded sample, (draws,); exactly 0
            where it is constant.
    """

    distance: Floats
    spread: Floats


def _ranks(levels: _Levels, weights: Floats) -> _Ranks:
    """Rank by counting what lies below: nothing is sorted again for a draw."""
    counts = weights if levels.order is None else np.take(weights, levels.order, axis=1)
    if levels.starts is not None:
        counts = np.add.reduceat(counts, levels.starts, axis=1)  # (draws, levels)
    below = np.cumsum(counts, axis=1)
    centre = below[:, -1:] / 2  # the mean rank less a half, as are the ranks
    distance = below - counts / 2
    distance -= centre
    spread = np.einsum("dl,dl,dl->d", counts, distance, distance)
    if levels.order is None and levels.starts is None:
        return _Ranks(distance, spread)
    return _Ranks(np.take(distance, levels.level_of, axis=1), spread)


def _correlate_ranks(said: _Levels, right: _Levels, weights: Floats) -> Floats:
    one, other = _ranks(said, weights), _ranks(right, weights)
    both = np.einsum("du,du,du->d", weights, one.distance, other.distance)
    return _correlation(both, one.spread, other.spread)


def _correlation(covariance: Floats, spread: Floats, other_spread: Floats) -> Floats:
    scale = np.sqrt(spread) * np.sqrt(other_spread)
    result = np.full(len(covariance), np.nan)
    np.divide(covariance, scale, out=result, where=scale > 0)
    clipped: Floats = np.clip(result, -1.0, 1.0)
    return clipped


def _correlate_sums(pairs: Floats, weights: Floats) -> Floats:
    """Correlate (units, 2) pairs by sums of products, which cost one matrix product.

    Near-constant draws lose digits so; they are correlated value by value.
    """
    left, right = (pairs - pairs.mean(axis=0)).T
    columns = [np.ones_like(left), left, right, left**2, right**2, left * right]
    total, x, y, xx, yy, xy = (weights @ np.stack(columns, axis=1)).T
    spread, other_spread = xx - x * x / total, yy - y * y / total
    is_lost = (spread <= LOST * xx) | (other_spread <= LOST * yy)
    scores = np.full(len(weights), np.nan)
    kept = ~is_lost
    scores[kept] = _correlation(
        (xy - x * y / total)[kept], spread[kept], other_spread[kept]
    )
    for place in np.flatnonzero(is_lost):
        scores[place] = _correlate(pairs[:, 0], pairs[:, 1], weights[place])
    return scores


def _correlate(left: Floats, right: Floats, weights: Floats) -> float:
    """Correlate (units,) values under (units,) weights of one draw."""
    left, right = _centred(left, weights), _centred(right, weights)
    sums = [(weights * left * right).sum(), (weights * left**2).sum()]
    (score,) = _correlation(*np.array([*sums, (weights * right**2).sum()])[:, None])
    return float(score)


def _centred(values: Floats, weights: Floats) -> Floats:
    """Subtract the draw's weighted mean.

    Counting from the first value that the draw holds makes a constant draw exactly
    zero, so that it is told from a nearly constant one without a threshold.
    """
    shifted = values - values[np.argmax(weights > 0)]
    centred: Floats = shifted - (weights * shifted).sum() / weights.sum()
    return centred
