"""Batches by token budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.model import Budget, Encoded


def cut_batches(stream: Iterable[Encoded], budget: Budget) -> Iterator[list[Encoded]]:
    """Cut a stream into batches whose summed cost stays within the budget.

    A request that costs more than the budget alone is a batch of its own: whether it
    fits in memory is for the adapter to find out.
    """
    batch: list[Encoded] = []
    cost = 0
    for encoded in stream:
        if batch and cost + encoded.cost > budget.tokens:
            yield batch
            batch, cost = [], 0
        batch.append(encoded)
        cost += encoded.cost
    if batch:
        yield batch
