"""How many positions forwards compute, and how many of them hold a token.

Whoever lays out the tokens of a forward counts them; a session hears what was counted
while it answered. Positions are those of the linear layers: what attention pads inside
itself is not counted, as it is little of the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from harness import Positions


class Tally:
    """What was counted so far."""

    def __init__(self) -> None:
        self.positions = Positions(0, 0)

    def add(self, held: int, computed: int) -> None:
        """Add a forward."""
        before = self.positions
        self.positions = Positions(before.held + held, before.computed + computed)


_TALLY: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counted_by(tally: Tally) -> Iterator[None]:
    """Let a tally hear of all forwards within."""
    token = _TALLY.set(tally)
    try:
        yield
    finally:
        _TALLY.reset(token)


def count(held: int, computed: int) -> None:
    """Tell of a forward, where anybody listens.

    Args:
        held: positions that hold a token.
        computed: all positions.
    """
    tally = _TALLY.get()
    if tally is not None:
        tally.add(held, computed)
