"""Where packed tokens stand in a padded rectangle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Slots(NamedTuple):
    """A rectangle of slots, ``(sequences, longest)``, row by row.

    Attributes:
        tokens: the packed token in each slot, ``(sequences * longest,)``; padding
            repeats the sequence's first token.
        is_real: which slots hold a token of their own, ``(sequences, longest)``.
    """

    tokens: Tensor
    is_real: Tensor


def padded_slots(lengths: Sequence[int]) -> Slots:
    """Return the slots of sequences that lie end to end, on the CPU.

    Args:
        lengths: tokens of each sequence, 1 or more.
    """
    counts = torch.tensor(lengths)[:, None]
    starts = counts.cumsum(0) - counts
    places = torch.arange(max(lengths))[None]
    is_real = places < counts
    return Slots(torch.where(is_real, starts + places, starts).flatten(), is_real)
