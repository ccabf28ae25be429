"""Carry out cells one after another, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from harness.executors import Cell, ExecutorEntry, Outcome


def run_in_process(
    work: Callable[[Cell], Outcome], cells: Iterable[Cell]
) -> Iterator[Outcome]:
    """Yield each cell's outcome in order."""
    return map(work, cells)


IN_PROCESS = ExecutorEntry(
    name="in-process", summary="one cell after another, here", run=run_in_process
)
