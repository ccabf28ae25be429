"""When to try again, and after how long."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PASSING = frozenset({408, 409, 425, 429})
"""Statuses below 500 that may be gone at the next try."""

_SECONDS = re.compile(r"\d+(\.\d+)?")

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_ASKED_S = 300.0
"""A server that asks to wait longer than this is given up."""


class Fault(Exception):
    """What went wrong with one try and may be gone at the next.

    Attributes:
        wait_s: how long the server asks to wait, None where it does not say.
        status: the HTTP status, None where no answer came or it was 200.
    """

    def __init__(
        self, text: str, *, wait_s: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(text)
        self.wait_s = wait_s
        self.status = status


class Garbage(Fault):
    """An answer that is not what the dialect says."""


def is_passing(status: int) -> bool:
    """Tell whether a status may be gone at the next try."""
    return status in PASSING or status >= 500


def wait_s(attempt: int, fault: Fault, jitter: random.Random) -> float:
    """Return how long to wait before the next try.

    Twice as long each time, at least half of it and the rest by chance, so that many
    clients do not come back at once; what the server asks for is honoured.

    Args:
        attempt: how many tries have failed, from 1.
        fault: how the last one failed.
        jitter: where chance comes from.
    """
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (attempt - 1))
    own = longest * (0.5 + 0.5 * jitter.random())
    return own if fault.wait_s is None else max(own, fault.wait_s)


def read_retry_after(text: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for, None without one.

    It holds seconds or a date (RFC 9110, section 10.2.3); what is neither is ignored.
    """
    if text is None:
        return None
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
