"""How much a first forward may hold; what does not fit halves it (`Engine`)."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from harness.model import Budget

USUAL_TOKENS = 2048
"""More gain nothing on a CPU, whose caches they leave."""


@runtime_checkable
class Roomy(Protocol):
    """An adapter that knows how many tokens there is memory for."""

    def room(self) -> int | None:
        """Return how many tokens a forward may hold; None where that bounds nothing."""


def first_budget(adapter: object, tokens: int | None) -> Budget:
    """Return what was asked for, else what the adapter has room for, else the usual."""
    if tokens is None and isinstance(adapter, Roomy):
        tokens = adapter.room()
    return Budget(tokens=USUAL_TOKENS if tokens is None else tokens)
