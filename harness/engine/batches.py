"""Batches by token budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.model import Encoded


def cut_batches(stream: Iterable[Encoded], tokens: int) -> Iterator[list[Encoded]]:
    """Cut a stream into batches of at most `tokens`, as it comes.

    A request that costs more alone is a batch of its own: whether it
    fits in memory is for the adapter to find out.
    """
    batch: list[Encoded] = []
    cost = 0
    for encoded in stream:
        if batch and cost + encoded.cost > tokens:
            yield batch
            batch, cost = [], 0
        batch.append(encoded)
        cost += encoded.cost
    if batch:
        yield batch
