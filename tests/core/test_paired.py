"""Paired tests of any metric; sacreBLEU's golden cases pin them for BLEU and chrF."""

from __future__ import annotations

import numpy as np
import pytest

from harness import DataError
from harness.metrics.classification import Accuracy
from harness.paired import (
    approximate_randomisation,
    bootstrap_spread,
    paired_bootstrap,
)

ACCURACY = Accuracy(labels=())
HALF = np.array([[1.0], [0.0]] * 100)
MOST = np.array([[1.0], [1.0], [1.0], [0.0]] * 50)


def test_system_equals_itself_for_sure() -> None:
    assert paired_bootstrap(ACCURACY, HALF, HALF).p == 1 / 1001


def test_swapping_equal_systems_never_widens_the_gap() -> None:
    assert approximate_randomisation(ACCURACY, HALF, HALF, trials=99) == 1 / 100


def test_clear_difference_has_a_small_p_in_both_tests() -> None:
    assert paired_bootstrap(ACCURACY, HALF, MOST).p < 0.01
    assert approximate_randomisation(ACCURACY, HALF, MOST, trials=1000) < 0.01


def test_difference_of_one_example_is_luck_when_swapped() -> None:
    one_more = HALF.copy()
    one_more[1] = 1
    other = HALF.copy()
    other[[3, 5]] = 1
    assert approximate_randomisation(ACCURACY, one_more, other, trials=1000) > 0.2


def test_seed_repeats_the_test() -> None:
    first, again = (paired_bootstrap(ACCURACY, HALF, MOST, seed=3) for _ in range(2))
    assert first == again


def test_spread_of_a_proportion_is_binomial() -> None:
    # 1.96 standard errors of a half over 200 units
    spread = bootstrap_spread(ACCURACY, HALF, draws=4000)
    assert spread.half_width == pytest.approx(1.96 * (0.25 / 200) ** 0.5, rel=0.08)


def test_chunks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = approximate_randomisation(ACCURACY, HALF, MOST, trials=100)
    spread = bootstrap_spread(ACCURACY, HALF, draws=100)
    monkeypatch.setattr("harness.paired.WEIGHTS_IN_MEMORY", 1)
    assert approximate_randomisation(ACCURACY, HALF, MOST, trials=100) == whole
    assert bootstrap_spread(ACCURACY, HALF, draws=100) == spread


def test_systems_over_different_units_are_refused() -> None:
    with pytest.raises(DataError, match=r"got 200 and 199 units, expected the same"):
        paired_bootstrap(ACCURACY, HALF, MOST[1:])
