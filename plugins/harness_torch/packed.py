"""Packed batches: sequences laid end to end, with attention inside each of them.

Everything but attention works on ``(tokens, width)`` and never sees padding.
Attention works group by group of neighbouring sequences. On the CPU a group is a run
of sequences of one length, so nothing is padded at all; on CUDA, where many small
kernels cost more than padding, all sequences form one group under a mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Neighbouring sequences whose attention is computed together.

    Attributes:
        sequences: which sequences of the batch.
        tokens: which tokens of the batch.
        longest: tokens in the longest of them.
        slots: the token in each padded slot, ``(sequences * longest,)``, counted from
            the group's first token; padding repeats the sequence's first token. None
            where all are of one length.
        filled: the slots that hold a token of their own, ``(tokens,)``, None likewise.
        mask: which keys are real, ``(sequences, 1, 1, longest)``, None likewise.
    """

    sequences: slice
    tokens: slice
    longest: int
    slots: Tensor | None = None
    filled: Tensor | None = None
    mask: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A batch of sequences without padding.

    Attributes:
        ids: token ids, ``(tokens,)``.
        positions: each token's place in its sequence, ``(tokens,)``.
        segments: 0 for a text, 1 for its pair, ``(tokens,)``.
        bounds: where each sequence begins, then where the last ends,
            ``(sequences + 1,)``.
        groups: how attention divides the batch; covers it in order.
    """

    ids: Tensor
    positions: Tensor
    segments: Tensor
    bounds: Tensor
    groups: tuple[Group, ...]

    @property
    def first(self) -> Tensor:
        """The index of each sequence's first token, ``(sequences,)``."""
        return self.bounds[:-1]


def pack(
    ids: Sequence[Sequence[int]],
    segments: Sequence[Sequence[int]],
    *,
    device: torch.device,
    is_padded: bool | None = None,
) -> Packed:
    """Lay sequences end to end; order them by length to have few groups on the CPU.

    Args:
        ids: token ids of each sequence, none empty.
        segments: segment ids of each sequence, of the same lengths.
        device: where the tensors go.
        is_padded: whether attention pads to one group; by default on CUDA alone.
    """
    lengths = [len(sequence) for sequence in ids]
    bounds = [0, *accumulate(lengths)]

    if is_padded is None:
        is_padded = device.type != "cpu"
    grouped = [_padded_group(lengths, bounds, device)] if is_padded else _runs(lengths)

    def tensor(values: list[int]) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=device)

    return Packed(
        ids=tensor([token for sequence in ids for token in sequence]),
        positions=tensor([place for n in lengths for place in range(n)]),
        segments=tensor([segment for sequence in segments for segment in sequence]),
        bounds=tensor(bounds),
        groups=tuple(grouped),
    )


def attend(
    query: Tensor, key: Tensor, value: Tensor, packed: Packed, *, dropout: float = 0.0
) -> Tensor:
    """Attend within each sequence, scaled by the root of the head size.

    Args:
        query: ``(tokens, heads, size)``, or ``(sequences, heads, size)`` where only
            the sequences' first tokens ask.
        key: ``(tokens, heads, size)``.
        value: ``(tokens, heads, size)``.
        packed: the batch that the tokens are of.
        dropout: probability that an attention weight is dropped.

    Returns:
        One row for each row of `query`, heads side by side: ``(rows, heads * size)``.
    """
    asks_all = len(query) == len(key)
    pieces = [
        _attend_group(
            query[group.tokens if asks_all else group.sequences],
            key[group.tokens],
            value[group.tokens],
            group,
            dropout,
        )
        for group in packed.groups
    ]
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


def _attend_group(
    query: Tensor, key: Tensor, value: Tensor, group: Group, dropout: float
) -> Tensor:
    asks_all = len(query) == len(key)
    if group.slots is not None:
        key, value = key[group.slots], value[group.slots]
        query = query[group.slots] if asks_all else query
    count = len(key) // group.longest

    def by_head(rows: Tensor) -> Tensor:
        return rows.view(count, -1, *rows.shape[1:]).transpose(1, 2)  # (S, H, L, size)

    attended = F.scaled_dot_product_attention(
        by_head(query),
        by_head(key),
        by_head(value),
        attn_mask=group.mask,
        dropout_p=dropout,
    )
    rows = attended.transpose(1, 2).flatten(0, 1).flatten(1)  # (S * L, H * size)
    return rows[group.filled] if asks_all and group.filled is not None else rows


def _runs(lengths: Sequence[int]) -> Iterator[Group]:
    """Group neighbours of one length."""
    sequence = token = 0
    for length, run in groupby(lengths):
        count = sum(1 for _ in run)
        yield Group(
            sequences=slice(sequence, sequence + count),
            tokens=slice(token, token + count * length),
            longest=length,
        )
        sequence += count
        token += count * length


def _padded_group(
    lengths: Sequence[int], bounds: Sequence[int], device: torch.device
) -> Group:
    """Put all sequences into one group, under a mask where their lengths differ."""
    longest = max(lengths)
    if min(lengths) == longest:
        return next(_runs(lengths))
    starts = torch.tensor(bounds[:-1])[:, None]
    places = torch.arange(longest)[None]
    is_real = places < torch.tensor(lengths)[:, None]  # (sequences, longest)
    slots = torch.where(is_real, starts + places, starts).flatten()
    return Group(
        sequences=slice(0, len(lengths)),
        tokens=slice(0, bounds[-1]),
        longest=longest,
        slots=slots.to(device),
        filled=is_real.flatten().nonzero().squeeze(1).to(device),
        mask=is_real[:, None, None].to(device),
    )
