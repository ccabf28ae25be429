"""Correlations against scipy, plain and weighted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats as reference

from harness import DataError, Example, Prediction
from harness.metric import Metric
from harness.metrics.correlation import Pearson, Spearman
from harness.stats import score

if TYPE_CHECKING:
    from harness.metric import Floats

BOTH = pytest.mark.parametrize("metric", [Pearson(), Spearman()], ids=lambda m: m.name)


def _scipy(metric: Metric, pairs: Floats) -> float:
    left, right = pairs.T
    if metric.name == "pearson":
        return float(reference.pearsonr(left, right).statistic)
    return float(reference.spearmanr(left, right).statistic)


def _statistics(
    metric: Metric, predicted: Sequence[object], target: Sequence[object]
) -> Floats:
    said = [Prediction(id=str(n), value=v) for n, v in enumerate(predicted)]  # type: ignore[arg-type] # wrong values are what is tested
    true = [Example(id=str(n), columns={}, target=v) for n, v in enumerate(target)]  # type: ignore[arg-type] # likewise
    return metric.statistics(said, true)


def _tied_pairs(seed: int, units: int = 60) -> Floats:
    """Return correlated numbers with many ties, far from zero."""
    draw = np.random.default_rng(seed)
    left = draw.integers(0, 12, units)
    right = left + draw.integers(-4, 5, units)
    return np.stack([1e4 + left / 5, right / 5], axis=1)


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_score_equals_scipy(metric: Metric, seed: int) -> None:
    pairs = _tied_pairs(seed)
    expected = _scipy(metric, pairs)
    assert score(metric, pairs) == pytest.approx(expected, abs=1e-12)


@BOTH
def test_weighted_score_equals_scipy_on_the_expanded_sample(metric: Metric) -> None:
    pairs = _tied_pairs(3)
    weights = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), 50)
    expected = [_scipy(metric, np.repeat(pairs, row, axis=0)) for row in weights]
    found = metric.aggregate(pairs, weights.astype(float))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_pearson_of_a_draw_without_the_outlier_keeps_its_digits() -> None:
    # sums of squares over numbers around -1e7 hold no digit of a variance of 1
    pairs = np.vstack([_tied_pairs(4), [[1e12, 0.0]]])
    weights = np.ones((2, 61))
    weights[1, -1] = 0
    found = Pearson().aggregate(pairs, weights)
    expected = [_scipy(Pearson(), pairs), _scipy(Pearson(), pairs[:-1])]
    assert found == pytest.approx(expected, abs=1e-9)


@BOTH
def test_draw_of_one_value_is_undefined_and_leaves_the_others(metric: Metric) -> None:
    pairs = np.array([[0.1, 1.0], [0.1, 2.0], [0.3, 3.0]])
    found = metric.aggregate(pairs, np.array([[2.0, 1.0, 0.0], [1.0, 1.0, 1.0]]))
    assert math.isnan(found[0])
    assert found[1] == pytest.approx(math.sqrt(3) / 2)


@BOTH
def test_unparsable_prediction_makes_the_score_undefined(metric: Metric) -> None:
    rows = _statistics(metric, [1.0, None, 3.0], [1.0, 2.0, 4.0])
    assert math.isnan(score(metric, rows))


@pytest.mark.parametrize("metric", [Pearson(unparsable=-1), Spearman(unparsable=-1)])
def test_unparsable_prediction_counts_as_the_number_named(metric: Metric) -> None:
    # T5's string_to_float has -1 for a text that is no number
    rows = _statistics(metric, [1.0, None, 3.0], [1.0, 2.0, 4.0])
    expected = _scipy(metric, np.array([[1.0, 1.0], [-1.0, 2.0], [3.0, 4.0]]))
    assert score(metric, rows) == pytest.approx(expected, abs=1e-12)


@BOTH
@pytest.mark.parametrize(
    "value", ["3.8", True, math.nan, math.inf, pytest.param(10**400, id="huge")]
)
def test_prediction_that_is_no_number_is_refused(metric: Metric, value: object) -> None:
    with pytest.raises(DataError, match=r"of example '1' is no finite number"):
        _statistics(metric, [1.0, value], [1.0, 2.0])


@BOTH
def test_fewer_than_two_examples_are_refused(metric: Metric) -> None:
    message = (
        f"{metric.name}: there are 1 examples to score, expected at least two: check "
        "the split and the limit"
    )
    with pytest.raises(DataError) as error:
        _statistics(metric, [1.0], [1.0])
    assert str(error.value) == message
