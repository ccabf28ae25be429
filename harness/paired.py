"""Paired tests: is the difference of two systems more than luck?

Both work on `Metric.statistics` of two systems over the same units, with any metric.
They are sacreBLEU's two tests, with its seed and its order of draws, so that the same
statistics give the same p: the paired bootstrap (Koehn, "Statistical Significance
Tests for Machine Translation Evaluation", EMNLP 2004) and approximate randomisation
(Riezler and Maxwell, 2005). numpy only.

sacreBLEU resamples in 32 bits: hand in statistics of that type to repeat its digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.metric import Metric

if TYPE_CHECKING:
    from harness.metric import Floats

SEED = 12345
"""sacreBLEU's default seed."""
BOOTSTRAP_DRAWS = 1000
RANDOMISATION_TRIALS = 10_000
WEIGHTS_IN_MEMORY = 1_000_000
"""How many weights a chunk of draws may hold."""


class Spread(NamedTuple):
    """What the bootstrap says of one score: its mean, and half its 95 % interval."""

    mean: float
    half_width: float


class PairedBootstrap(NamedTuple):
    """A paired bootstrap test of a system against a baseline.

    Attributes:
        p: how often so large a difference would come from the draw of units alone.
        system: the spread of the system's score.
    """

    p: float
    system: Spread


def bootstrap_spread(
    metric: Metric,
    statistics: Floats,
    *,
    draws: int = BOOTSTRAP_DRAWS,
    seed: int | None = SEED,
) -> Spread:
    """Return mean and half interval of a score under resampled units."""
    scores = _resample(metric, [statistics], draws, seed)[0]
    return _spread(scores)


def paired_bootstrap(
    metric: Metric,
    baseline: Floats,
    system: Floats,
    *,
    draws: int = BOOTSTRAP_DRAWS,
    seed: int | None = SEED,
) -> PairedBootstrap:
    """Test a system against a baseline by resampling their units together.

    Args:
        metric: what made the statistics.
        baseline: the baseline's statistics, one row a unit.
        system: the system's, over the same units in the same order.
        draws: how many resamples.
        seed: seeds the draws; None draws anew each time.

    Raises:
        DataError: the two have different numbers of units, or none.
    """
    _check_pair(baseline, system)
    difference = abs(_score(metric, baseline) - _score(metric, system))
    one, other = _resample(metric, [baseline, system], draws, seed)
    gaps = np.abs(other - one)
    return PairedBootstrap(_p(gaps - gaps.mean(), difference), _spread(other))


def approximate_randomisation(
    metric: Metric,
    baseline: Floats,
    system: Floats,
    *,
    trials: int = RANDOMISATION_TRIALS,
    seed: int | None = SEED,
) -> float:
    """Return p of a system against a baseline under swaps of their units.

    Raises:
        DataError: the two have different numbers of units, or none.
    """
    _check_pair(baseline, system)
    difference = abs(_score(metric, baseline) - _score(metric, system))
    generator = np.random.default_rng(seed)
    units = len(baseline)
    both = np.concatenate([baseline, system])
    gaps = []
    for size in _chunks(trials, units):
        keeps = generator.integers(2, size=(size, units), dtype=bool)
        straight = np.hstack([keeps, ~keeps]).astype(both.dtype)
        crossed = np.hstack([~keeps, keeps]).astype(both.dtype)
        one = metric.aggregate(both, straight)
        gaps.append(np.abs(one - metric.aggregate(both, crossed)))
    return _p(np.concatenate(gaps), difference)


def _resample(
    metric: Metric, systems: list[Floats], draws: int, seed: int | None
) -> list[Floats]:
    """Return every system's score for each draw, all under the same draws."""
    generator = np.random.default_rng(seed)
    units = len(systems[0])
    scores: list[list[Floats]] = [[] for _ in systems]
    for size in _chunks(draws, units):
        picked = generator.choice(units, size=(size, units), replace=True)
        weights = _counts(picked, units).astype(systems[0].dtype)
        for found, statistics in zip(scores, systems, strict=True):
            found.append(metric.aggregate(statistics, weights))
    return [np.concatenate(found) for found in scores]


def _counts(picked: NDArray[np.int64], units: int) -> NDArray[np.int64]:
    """Return how often each unit was picked in each draw."""
    draws = len(picked)
    places = picked + units * np.arange(draws)[:, None]
    return np.bincount(places.ravel(), minlength=draws * units).reshape(draws, units)


def _chunks(draws: int, units: int) -> list[int]:
    # numpy draws booleans 32 at a time: whole words keep the order of draws
    size = max(32, WEIGHTS_IN_MEMORY // units // 32 * 32)
    return [min(size, draws - start) for start in range(0, draws, size)]


def _score(metric: Metric, statistics: Floats) -> float:
    exact = statistics.astype(np.float64)
    return float(metric.aggregate(exact, np.ones((1, len(exact))))[0])


def _spread(scores: Floats) -> Spread:
    ordered = np.sort(scores)
    tail = len(ordered) // 40
    low, high = ordered[tail], ordered[len(ordered) - tail - 1]
    return Spread(float(ordered.mean()), float(0.5 * (high - low)))


def _p(gaps: Floats, difference: float) -> float:
    """Return the share of larger gaps, never 0: the data itself counts as one draw."""
    # a gap of 0 is no sign of chance, so that a system equals itself for sure
    return (int((gaps > difference).sum()) + 1) / (len(gaps) + 1)


def _check_pair(baseline: Floats, system: Floats) -> None:
    if len(baseline) != len(system) or not len(baseline):
        raise DataError(
            f"a paired test got {len(baseline)} and {len(system)} units, expected the "
            "same units of two systems: score both on the same examples"
        )
