"""Intervals against published examples and scipy's bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats as reference

from harness import PluginError
from harness.metric import Metric
from harness.metrics.classification import F1, Accuracy, Matthews
from harness.metrics.correlation import Pearson, Spearman
from harness.metrics.translation_entries import METRICS
from harness.stats import _weights, interval, joint_interval, score, wilson

if TYPE_CHECKING:
    from harness.metric import Floats

PAIR = ("no", "yes")
ACCURACY = Accuracy(labels=PAIR)
F1_YES = F1(labels=PAIR, positive="yes")


def _outcomes(units: int, seed: int) -> tuple[Floats, Floats]:
    """Return statistics of accuracy and F1 for the same random predictions."""
    draw = np.random.default_rng(seed)
    target = draw.random(units) < 0.6
    says = np.where(draw.random(units) < 0.75, target, ~target)
    columns = [says & target, says & ~target, ~says & target]
    hits = (says == target).astype(float)[:, None]
    return hits, np.stack(columns, axis=1).astype(float)


def _confusions(units: int, seed: int) -> Floats:
    """Return Matthews statistics of predictions as in `_outcomes`."""
    draw = np.random.default_rng(seed)
    target = (draw.random(units) < 0.6).astype(int)
    says = np.where(draw.random(units) < 0.75, target, 1 - target)
    hit = (says == target).astype(float)[:, None]
    return np.hstack([hit, np.eye(3)[says], np.eye(3)[target]])


def _scipy_bootstrap(
    statistic: Callable[[NDArray[np.intp]], float], units: int
) -> tuple[float, float]:
    result = reference.bootstrap(
        (np.arange(units),),
        statistic,
        n_resamples=3000,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(result.low), float(result.high)


@pytest.mark.parametrize(
    ("successes", "units", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_equals_newcombe_table_1(
    successes: int, units: int, low: float, high: float
) -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion",
    # Statistics in Medicine 17 (1998), method 3
    found = wilson(successes, units)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_proportion_gets_wilson() -> None:
    rows = np.array([[1.0]] * 81 + [[0.0]] * 182)
    assert interval(ACCURACY, rows) == wilson(81, 263)


def test_same_seed_gives_the_same_interval() -> None:
    _, rows = _outcomes(300, 1)
    assert interval(F1_YES, rows, seed=3) == interval(F1_YES, rows, seed=3)


def test_another_seed_gives_another_interval() -> None:
    _, rows = _outcomes(300, 1)
    assert interval(F1_YES, rows, seed=3) != interval(F1_YES, rows, seed=4)


def test_f1_interval_agrees_with_scipy_bootstrap() -> None:
    _, rows = _outcomes(400, 2)
    low, high = _scipy_bootstrap(lambda picked: score(F1_YES, rows[picked]), 400)
    found = interval(F1_YES, rows, draws=4000)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.006)


@pytest.mark.parametrize("metric", [Pearson(), Spearman()], ids=lambda m: m.name)
def test_correlation_interval_agrees_with_scipy_bootstrap(metric: Metric) -> None:
    left, noise = np.random.default_rng(5).normal(size=(2, 200))
    rows = np.stack([left, left + noise], axis=1)
    low, high = _scipy_bootstrap(lambda picked: score(metric, rows[picked]), 200)
    found = interval(metric, rows, draws=4000)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)


def test_method_names_the_draws() -> None:
    _, rows = _outcomes(100, 1)
    assert interval(F1_YES, rows, draws=250).method == "bootstrap, 250 draws"


def test_undefined_draws_are_left_out_and_counted() -> None:
    rows = np.array([[1.0, 1.0], [2.0, 3.0], [1.0, 2.0]])
    found = interval(Pearson(), rows, draws=400)
    assert found.low is not None
    assert "400 draws, " in found.method
    assert found.method.endswith("undefined left out")


def test_undefined_score_has_no_interval() -> None:
    rows = np.array([[1.0, 1.0], [1.0, 2.0]])
    found = interval(Pearson(), rows)
    assert (found.low, found.high) == (None, None)
    assert found.method == "none, the score is undefined"


def test_accuracy_on_no_example_has_no_interval() -> None:
    assert interval(ACCURACY, np.zeros((0, 1))).low is None


@pytest.mark.parametrize("rows", [60, 3], ids=["one by one", "binomials"])
def test_draws_hold_as_many_units_as_there_are(rows: int) -> None:
    counts = np.full(rows, 60 // rows)
    weights = _weights(np.random.default_rng(1), counts, 50)
    assert weights.shape == (50, rows)
    assert (weights.sum(axis=1) == 60).all()


@pytest.mark.parametrize("rows", [20, 5], ids=["one by one", "binomials"])
def test_draws_have_mean_and_variance_of_a_multinomial(rows: int) -> None:
    counts = np.arange(rows) % 3 + 60 // rows
    weights = _weights(np.random.default_rng(1), counts, 20_000)
    spread = counts * (1 - counts / counts.sum())
    assert weights.mean(axis=0) == pytest.approx(counts, rel=0.03)
    assert weights.var(axis=0) == pytest.approx(spread, rel=0.06)


def test_million_units_with_few_distinct_rows_are_cheap() -> None:
    _, rows = _outcomes(1_000_000, 3)
    found = interval(F1_YES, rows, draws=200)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.high - found.low < 0.004


def test_chunks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    left = np.random.default_rng(1).normal(size=50)
    rows = np.stack([left, left**3], axis=1)
    whole = interval(Spearman(), rows, draws=100)
    monkeypatch.setattr("harness.stats.WEIGHTS_IN_MEMORY", 500)
    assert interval(Spearman(), rows, draws=100) == whole


def test_joint_interval_of_one_metric_is_its_own_at_display_scale() -> None:
    hits, _ = _outcomes(300, 4)
    one, joint = interval(ACCURACY, hits), joint_interval([ACCURACY], [hits])
    assert one.low is not None
    assert joint.low == pytest.approx(100 * one.low)
    assert joint.method == "Wilson"


def test_joint_interval_agrees_with_scipy_bootstrap() -> None:
    hits, rows = _outcomes(400, 5)
    low, high = _scipy_bootstrap(
        lambda picked: (
            50 * (score(ACCURACY, hits[picked]) + score(F1_YES, rows[picked]))
        ),
        400,
    )
    found = joint_interval([F1_YES, ACCURACY], [rows, hits], draws=4000)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.6)


def test_joint_interval_with_an_undefined_metric_has_none() -> None:
    rows = np.array([[1.0, 1.0], [1.0, 2.0]])
    assert joint_interval([Pearson(), Spearman()], [rows, rows]).low is None


def test_joint_interval_over_unequal_units_is_refused() -> None:
    hits, rows = _outcomes(10, 1)
    with pytest.raises(PluginError) as error:
        joint_interval([ACCURACY, F1_YES], [hits, rows[:9]])
    assert str(error.value) == (
        "the metrics accuracy and f1 have different units (9 of unit example, 10 of "
        "unit example), expected the same: choose headline metrics that count the "
        "same units"
    )


def test_bootstrap_covers_the_truth_as_often_as_it_says() -> None:
    # 60 % positive and 75 % right whatever the label: by its definition, Matthews is
    # (0.45 * 0.3 - 0.1 * 0.15) / sqrt(0.55 * 0.6 * 0.4 * 0.45) = 0.49237
    matthews = Matthews(labels=PAIR)
    found = [
        interval(matthews, _confusions(250, seed), draws=300, seed=seed)
        for seed in range(200)
    ]
    held = [
        each.low <= 0.49237 <= each.high for each in found if each.low and each.high
    ]
    assert sum(held) / len(found) == pytest.approx(0.95, abs=0.03)


def test_headline_of_both_directions_is_refused() -> None:
    rows = np.array([[1.0, 2.0]])
    ter = _translation_metric("ter")
    with pytest.raises(
        PluginError, match=r"has ter, where lower is better, beside acc"
    ):
        joint_interval([ter, ACCURACY], [rows, rows])


def _translation_metric(name: str) -> Metric:
    (entry,) = [entry for entry in METRICS if entry.name == name]
    return entry.make((), {})
