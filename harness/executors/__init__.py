"""Executors: ways to carry out the cells of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

Cell = TypeVar("Cell")
Outcome = TypeVar("Outcome")


class Execute(Protocol):
    """Carries out independent cells and yields their outcomes as they come."""

    def __call__(
        self, work: Callable[[Cell], Outcome], cells: Iterable[Cell]
    ) -> Iterator[Outcome]:
        """Apply `work`, which never raises, to every cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorEntry:
    """What a plugin registers for an executor.

    Attributes:
        name: the name behind ``--executor``.
        summary: one line for `harness list`.
        run: carries out the cells.
    """

    name: str
    summary: str
    run: Execute
