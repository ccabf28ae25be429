"""Attention from the sequences of one packed batch to those of another.

Each sequence that asks reads one sequence, the first the first and so on, so that all
tokens which ask about a source meet its keys at once: a source's keys are neither
padded (on the CPU) nor repeated for its choices or beams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor

from harness_torch.device import send
from harness_torch.slots import padded_slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Neighbouring sequences whose attention is computed together.

    Attributes:
        sequences: how many they are, on each side.
        asking: tokens that ask.
        reading: tokens that are read, as `Crossing.spread` lays them.
        slots: the asking token in each padded slot, counted from the first of them;
            None where all sequences have as many.
        filled: the slots that hold a token of their own, None likewise.
        real: which keys are no padding, ``(sequences, 1, 1, longest)``; None likewise.
    """

    sequences: int
    asking: int
    reading: int
    slots: Tensor | None = None
    filled: Tensor | None = None
    real: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """How the sequences of a batch read those of another.

    Attributes:
        asking: tokens of each sequence that asks, 1 or more.
        reading: tokens of each sequence that is read.
        meetings: how attention divides the batch; covers it in order.
        places: the token that each row of spread keys holds, None where they are all
            tokens in order.
    """

    asking: tuple[int, ...]
    reading: tuple[int, ...]
    meetings: tuple[Meeting, ...]
    places: Tensor | None = None

    def spread(self, rows: Tensor) -> Tensor:
        """Lay out keys or values of all tokens, ``(tokens, ...)``, for attention."""
        return rows if self.places is None else rows.index_select(0, self.places)


def cross(
    asking: Sequence[int],
    reading: Sequence[int],
    *,
    device: torch.device,
    is_padded: bool | None = None,
) -> Crossing:
    """Pair sequences that ask with sequences that are read.

    Args:
        asking: tokens of each sequence that asks, 1 or more.
        reading: tokens of each sequence that is read, 1 or more.
        device: where the tensors go.
        is_padded: whether attention pads to one group; by default on CUDA alone.
    """
    pairs = list(zip(asking, reading, strict=True))
    if is_padded is None:
        is_padded = device.type != "cpu"
    places = None
    if is_padded and len(set(pairs)) > 1:
        places = send(padded_slots(reading).tokens, device)
        meetings = [_one_meeting(asking, reading, device)]
    else:
        runs = ((pair, sum(1 for _ in run)) for pair, run in groupby(pairs))
        meetings = [
            Meeting(sequences=count, asking=count * asked, reading=count * read)
            for (asked, read), count in runs
        ]
    return Crossing(
        asking=tuple(asking),
        reading=tuple(reading),
        meetings=tuple(meetings),
        places=places,
    )


def attend_across(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    crossing: Crossing,
    *,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """Attend from each sequence to the one that it reads.

    Args:
        query: ``(tokens that ask, heads, size)``.
        key: as `Crossing.spread` lays them, ``(rows, heads, size)``.
        value: likewise.
        crossing: which sequence reads which.
        dropout: probability that an attention weight is dropped.
        scale: what scores are multiplied by; by default 1 over the root of the size.

    Returns:
        One row for each row of `query`, heads side by side, ``(rows, heads * size)``.
    """
    reading = [meeting.reading for meeting in crossing.meetings]
    pieces = zip(
        torch.split(query, [meeting.asking for meeting in crossing.meetings]),
        torch.split(key, reading),
        torch.split(value, reading),
        crossing.meetings,
        strict=True,
    )
    rows = []
    for q, k, v, meeting in pieces:
        slots = q if meeting.slots is None else q.index_select(0, meeting.slots)
        attended = F.scaled_dot_product_attention(
            _by_head(slots, meeting.sequences),
            _by_head(k, meeting.sequences),
            _by_head(v, meeting.sequences),
            meeting.real,
            dropout,
            scale=scale,
        )
        flat = attended.transpose(1, 2).flatten(0, 1).flatten(1)
        filled = meeting.filled
        rows.append(flat if filled is None else flat.index_select(0, filled))
    return rows[0] if len(rows) == 1 else torch.cat(rows)


def _by_head(rows: Tensor, sequences: int) -> Tensor:
    """Return ``(sequences, heads, longest, size)``."""
    return rows.view(sequences, -1, *rows.shape[1:]).transpose(1, 2)


def _one_meeting(
    asking: Sequence[int], reading: Sequence[int], device: torch.device
) -> Meeting:
    """Put all sequences into one group, under a mask."""
    slots, asks = padded_slots(asking)
    reads = padded_slots(reading).is_real
    return Meeting(
        sequences=len(asking),
        asking=sum(asking),
        reading=reads.numel(),
        slots=send(slots, device),
        filled=send(asks.flatten().nonzero().squeeze(1), device),
        real=send(reads[:, None, None], device),
    )
