"""A bootstrap draw is the score of the examples that it drew, for every metric."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.metric_items import GROUP, LABELS, Items, Pairs
from harness import stats
from harness.builtin import harness_metrics
from harness.metric import Metric

WORDS = ("the", "cat", "sat", "on", "a", "mat", "while", "it", "rained", ",", "and")
ITEMS = Items(words=WORDS, shortest=4, longest=8, numbers=5)
SPECS = ITEMS.specs()
ENTRIES = {entry.name: entry for entry in harness_metrics()}


def make(spec: str) -> Metric:
    name, *rest = spec.split(",")
    return ENTRIES[name].make(LABELS, dict(option.split("=") for option in rest))


def by_unit(metric: Metric, pairs: Pairs) -> list[Pairs]:
    size = {"question group": GROUP, "pair": 2}.get(metric.unit, 1)
    return [pairs[at : at + size] for at in range(0, len(pairs), size)]


def again(pairs: Pairs, time: int) -> Pairs:
    """Return a unit as it stands in a resampled set for the n-th time."""
    return [
        (
            replace(said, id=str(int(said.id) + 1000 * time)),
            replace(
                right,
                id=str(int(right.id) + 1000 * time),
                group=f"{right.group}/{time}",
            ),
        )
        for said, right in pairs
    ]


def statistics(metric: Metric, pairs: Pairs) -> np.ndarray:
    return metric.statistics([p for p, _ in pairs], [e for _, e in pairs])


def test_every_registered_metric_is_tried() -> None:
    assert {spec.partition(",")[0] for spec in SPECS} == set(ENTRIES)


@pytest.mark.parametrize("spec", SPECS)
def test_a_draw_scores_what_the_drawn_examples_score(spec: str) -> None:
    metric, dice = make(spec), random.Random(spec)
    pairs = ITEMS.pairs(SPECS[spec], dice, 24)
    units, rows = by_unit(metric, pairs), statistics(metric, pairs)
    assert len(rows) == len(units)
    for _ in range(3):
        counts = np.bincount([dice.randrange(len(units)) for _ in units])
        counts = np.pad(counts, (0, len(units) - len(counts)))
        drawn = [
            pair
            for unit, count in zip(units, counts, strict=True)
            for time in range(count)
            for pair in again(unit, time)
        ]
        (score,) = metric.aggregate(rows, counts[None].astype(np.float64))
        recomputed = stats.score(metric, statistics(metric, drawn))
        assert score == pytest.approx(recomputed, rel=1e-9, abs=1e-12, nan_ok=True)
