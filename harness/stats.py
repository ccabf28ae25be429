"""Intervals: how far a score could be off because of which examples were drawn.

Everything resamples rows of `Metric.statistics`, so that an interval and its score
come from the same numbers. numpy only: this runs in every evaluate cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.errors import PluginError
from harness.metric import Metric

if TYPE_CHECKING:
    from harness.metric import Floats

LEVEL = 0.95
Z = 1.959963984540054
"""The standard normal quantile of 0.975."""
WEIGHTS_IN_MEMORY = 2_000_000
"""How many weights a chunk of bootstrap draws may hold."""
UNITS_PER_BINOMIAL = 4
"""A binomial number (the multinomial draws one a row) costs as much as picking so many
units one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % interval.

    Attributes:
        low: its lower end, None where it is undefined.
        high: its upper end, None where it is undefined.
        method: how it was made, such as ``bootstrap, 1000 draws``.
    """

    low: float | None
    high: float | None
    method: str


UNDEFINED = Interval(low=None, high=None, method="none, the score is undefined")


def score(metric: Metric, statistics: Floats) -> float:
    """Return the metric's score over all units, NaN where it is undefined."""
    return float(metric.aggregate(statistics, np.ones((1, len(statistics))))[0])


def interval(
    metric: Metric, statistics: Floats, *, draws: int = 1000, seed: int = 1
) -> Interval:
    """Return the score's interval, on the metric's own scale.

    Proportions get Wilson's interval, all else the percentile bootstrap over units.
    The same seed gives the same interval.

    Args:
        metric: what made the statistics.
        statistics: one row a unit.
        draws: bootstrap draws.
        seed: seeds the draws.
    """
    if math.isnan(score(metric, statistics)):
        return UNDEFINED
    if metric.is_proportion:
        return wilson(float(statistics[:, 0].sum()), len(statistics))
    return _percentiles(_draw([metric], [statistics], draws, seed)[0])


def joint_interval(
    metrics: Sequence[Metric],
    statistics: Sequence[Floats],
    *,
    draws: int = 1000,
    seed: int = 1,
) -> Interval:
    """Return the interval of the mean of several metrics over the same units.

    Every draw resamples the units once for all metrics. The mean, and so the
    interval, is on the displayed scale (scores times `Metric.scale`).

    Raises:
        PluginError: the metrics count different units, or one is better when higher
            and another when lower.
    """
    _check_units(metrics, statistics)
    _check_directions(metrics)
    scales = np.array([metric.scale for metric in metrics])
    if len(metrics) == 1:
        only = interval(metrics[0], statistics[0], draws=draws, seed=seed)
        return _scaled(only, metrics[0].scale)
    pairs = zip(metrics, statistics, strict=True)
    if any(math.isnan(score(metric, rows)) for metric, rows in pairs):
        return UNDEFINED
    drawn = _draw(metrics, statistics, draws, seed)
    return _percentiles((scales[:, None] * drawn).mean(axis=0))


def wilson(successes: float, units: int) -> Interval:
    """Return Wilson's score interval of a proportion, without continuity correction.

    Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927).
    """
    share, correction = successes / units, Z**2 / units
    centre = share + correction / 2
    spread = Z * math.sqrt(share * (1 - share) / units + correction / (4 * units))
    low, high = ((centre + sign * spread) / (1 + correction) for sign in (-1.0, 1.0))
    return Interval(low=max(0.0, low), high=min(1.0, high), method="Wilson")


def _draw(
    metrics: Sequence[Metric], statistics: Sequence[Floats], draws: int, seed: int
) -> Floats:
    """Return bootstrap scores, shape (metrics, draws).

    What is counted is how often each distinct row came up, so that a million units with
    a dozen different rows cost a dozen random numbers a draw.
    """
    rows, counts = np.unique(np.hstack(statistics), axis=0, return_counts=True)
    ends = np.cumsum([part.shape[1] for part in statistics])
    parts = np.split(rows, ends[:-1], axis=1)
    generator = np.random.default_rng(seed)
    size = max(1, WEIGHTS_IN_MEMORY // len(rows))
    chunks = []
    for start in range(0, draws, size):
        shape = min(size, draws - start)
        weights = _weights(generator, counts, shape)
        pairs = zip(metrics, parts, strict=True)
        chunks.append([metric.aggregate(part, weights) for metric, part in pairs])
    return np.concatenate(chunks, axis=1)


def _weights(
    generator: np.random.Generator, counts: NDArray[np.intp], draws: int
) -> Floats:
    """Draw units with replacement; return how often each row came up, (draws, rows).

    Args:
        generator: draws them.
        counts: how many units have each row.
        draws: how many times as many units as there are.
    """
    units, rows = int(counts.sum()), len(counts)
    if units > UNITS_PER_BINOMIAL * rows:
        drawn = generator.multinomial(units, counts / units, draws)
        return drawn.astype(np.float64)
    row_of = np.repeat(np.arange(rows), counts)
    weights = np.empty((draws, rows))
    for weight in weights:
        picked = row_of[generator.integers(units, size=units)]
        weight[:] = np.bincount(picked, minlength=rows)
    return weights


def _percentiles(scores: Floats) -> Interval:
    defined = scores[~np.isnan(scores)]
    method = f"bootstrap, {len(scores)} draws"
    if len(defined) < len(scores):
        method += f", {len(scores) - len(defined)} undefined left out"
    if not len(defined):
        return Interval(low=None, high=None, method=method)
    tail = (1 - LEVEL) / 2
    # between a number and infinity nothing lies, so there the draw itself is taken
    if not np.isfinite(defined).all():
        low, high = np.quantile(defined, [tail, 1 - tail], method="inverted_cdf")
    else:
        low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high), method=method)


def _scaled(result: Interval, scale: float) -> Interval:
    if result.low is None or result.high is None:
        return result
    return replace(result, low=result.low * scale, high=result.high * scale)


def _check_units(metrics: Sequence[Metric], statistics: Sequence[Floats]) -> None:
    found = {
        (metric.unit, len(rows))
        for metric, rows in zip(metrics, statistics, strict=True)
    }
    if len(found) > 1:
        names = " and ".join(metric.name for metric in metrics)
        listing = ", ".join(f"{count} of unit {unit}" for unit, count in sorted(found))
        raise PluginError(
            f"the metrics {names} have different units ({listing}), expected the same: "
            "choose headline metrics that count the same units"
        )


def _check_directions(metrics: Sequence[Metric]) -> None:
    lower = [metric.name for metric in metrics if metric.is_lower_better]
    higher = [metric.name for metric in metrics if not metric.is_lower_better]
    if lower and higher:
        raise PluginError(
            f"the headline has {' and '.join(lower)}, where lower is better, beside "
            f"{' and '.join(higher)}, where higher is, and their mean says nothing: "
            "choose headline metrics of one direction"
        )
