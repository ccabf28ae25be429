"""When to try again, and after how long."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from harness_api.retry import Fault, is_passing, read_retry_after, wait_s

NOW = datetime(2015, 10, 21, 7, 27, 30, tzinfo=UTC)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_may_pass(status: int) -> None:
    assert is_passing(status)


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 413, 422])
def test_what_does_not_pass(status: int) -> None:
    assert not is_passing(status)


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (99, 30.0)]
)
def test_the_wait_doubles_up_to_a_bound_and_half_of_it_is_chance(
    attempt: int, longest: float
) -> None:
    jitter = random.Random(1)
    waits = [wait_s(attempt, Fault("busy"), jitter) for _ in range(200)]
    assert longest / 2 <= min(waits) < 0.6 * longest
    assert 0.9 * longest < max(waits) <= longest


def test_what_the_server_asks_for_is_waited() -> None:
    jitter = random.Random(1)
    assert wait_s(1, Fault("busy", wait_s=17.0), jitter) == 17.0
    assert wait_s(3, Fault("busy", wait_s=0.0), jitter) >= 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("120", 120.0),
        ("0.5", 0.5),
        ("-3", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 30.0),  # the date of RFC 9110's examples
        ("Wed, 21 Oct 2015 07:28:00 -0000", 30.0),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_the_header_holds_seconds_or_a_date(
    text: str | None, expected: float | None
) -> None:
    assert read_retry_after(text, NOW) == expected
