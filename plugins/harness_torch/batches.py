"""Batches cut by a token budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness import Encoded


def cut_batches(stream: Iterable[Encoded], tokens: int) -> Iterator[list[Encoded]]:
    """Cut a stream into batches of at most `tokens`, as it comes.

    What alone costs more than the budget becomes a batch of its own.
    """
    batch: list[Encoded] = []
    held = 0
    for item in stream:
        if batch and held + item.cost > tokens:
            yield batch
            batch, held = [], 0
        batch.append(item)
        held += item.cost
    if batch:
        yield batch
