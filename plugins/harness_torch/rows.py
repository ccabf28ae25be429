"""Rows of token ids, run in order of length and given back in their own order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from harness import Encoded
from harness_torch.tokenizers.protocol import Tokens

Run = Callable[[Sequence[Tokens]], Tensor]
"""Runs rows through a module and returns one result for each, ``(rows, ...)``."""


def run_by_length(rows: Sequence[Tokens], run: Run) -> Tensor:
    """Run rows in order of length, so that packing has few groups.

    Returns:
        The results in the order of the rows, ``(rows, ...)``.
    """
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
    results = run([rows[place] for place in order])
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return results[back.to(results.device)]


def rows_of(batch: Iterable[Encoded]) -> list[Tokens]:
    """Return the rows of a batch, those that `Encoded.extra` holds under ``rows``."""
    return [row for item in batch for row in item.extra["rows"]]
