"""How numbers are written."""

from __future__ import annotations

import pytest

from harness_reports import numbers
from harness_reports.view import Estimate


@pytest.mark.parametrize(
    ("half_width", "decimals"),
    [(12.0, 0), (9.96, 0), (4.1, 1), (0.6, 1), (0.096, 1), (0.06, 2), (0.004, 3)],
)
def test_decimals_are_as_many_as_the_interval_bears(
    half_width: float, decimals: int
) -> None:
    assert numbers.decimals_for([half_width]) == decimals


def test_the_narrowest_interval_of_a_column_decides() -> None:
    assert numbers.decimals_for([4.0, None, 0.05, 0.0]) == 2


def test_there_are_no_more_decimals_than_a_reader_can_use() -> None:
    assert numbers.decimals_for([4.0, 0.00002]) == 3


def test_rounding_noise_decides_nothing() -> None:
    assert numbers.decimals_for([4.0, 1.4e-14]) == 1  # a perfect correlation's


def test_a_column_without_intervals_gets_the_default() -> None:
    assert numbers.decimals_for([None, 0.0], default=3) == 3


def test_a_negative_score_has_a_real_minus_sign() -> None:
    assert numbers.fixed(-3.14159, 2) == "\N{MINUS SIGN}3.14"


def test_a_rounded_zero_has_no_sign() -> None:
    assert numbers.fixed(-0.004, 2) == "0.00"


def test_an_interval_is_written_in_both_ways() -> None:
    estimate = Estimate(value=82.1, low=81.5, high=82.7)
    assert numbers.plus_minus(estimate, 1) == "±0.6"
    assert numbers.bracketed(estimate, 1) == "[81.5, 82.7]"


def test_no_interval_is_written_as_nothing() -> None:
    assert numbers.plus_minus(Estimate(value=1.0), 1) == ""
    assert numbers.bracketed(Estimate(value=1.0), 1) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (4.26, "4.3 s"),
        (41.0, "41 s"),
        (600.0, "10 min"),
        (7500.0, "2 h 05 min"),
    ],
)
def test_durations_have_the_unit_that_suits_them(
    seconds: float | None, text: str
) -> None:
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, ""),
        (12, "12"),
        (4_400_000, "4.4 M"),
        (110_000_000, "110 M"),
        (7e9, "7.0 B"),
    ],
)
def test_counts_are_written_in_powers_of_a_thousand(
    number: int | None, text: str
) -> None:
    assert numbers.count(number) == text


def test_shares_below_ten_per_cent_have_a_digit_more() -> None:
    shares = [numbers.percent(share) for share in (0.0, 0.034, 0.43, None)]
    assert shares == ["0%", "3.4%", "43%", ""]


def test_memory_is_written_in_powers_of_ten() -> None:
    assert numbers.memory(1_900_000_000) == "1.9 GB"
    assert numbers.memory(24_000_000) == "24 MB"


def test_speeds_have_three_digits() -> None:
    written = [numbers.significant(v) for v in (3.4012, 41.26, 1630.0)]
    assert written == ["3.40", "41.3", "1\N{NARROW NO-BREAK SPACE}630"]


def test_what_rounding_left_of_an_interval_does_not_count() -> None:
    assert numbers.decimals_for([37.9, 1e-14]) == 0
    assert numbers.decimals_for([1e-14]) == 1


@pytest.mark.parametrize(
    ("value", "text"), [(278823522707.34, "2.79e11"), (999999.4, "999999.4")]
)
def test_a_huge_score_is_written_with_an_exponent(value: float, text: str) -> None:
    assert numbers.fixed(value, 1) == text
