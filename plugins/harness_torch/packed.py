"""Packed batches: sequences laid end to end, with attention inside each of them.

Everything but attention works on ``(tokens, width)`` and never sees padding.
Attention works group by group of neighbouring sequences. On the CPU a group is a run
of sequences of one layout, so nothing is padded at all; on CUDA, where many small
kernels cost more than padding, all sequences form one group under a mask, or go
through the one kernel that needs no padding where there is one (`jagged.py`).

A causal sequence may branch: after a trunk come branches, each of which continues the
trunk and sees nothing of the others. So a context is computed once for all its
choices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

import torch
from torch import Tensor

from harness_torch.device import send
from harness_torch.positions import count
from harness_torch.slots import padded_slots

Layout = tuple[int, ...]
"""Tokens of a sequence's trunk, then of each branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Neighbouring sequences whose attention is computed together.

    Attributes:
        sequences: how many they are.
        tokens: how many tokens they have.
        longest: tokens in the longest of them.
        is_causal: whether a token sees nothing after it.
        slots: the token in each padded slot, ``(sequences * longest,)``, counted from
            the group's first token; padding repeats the sequence's first token. None
            where all are of one length.
        filled: the slots that hold a token of their own, ``(tokens,)``, None likewise.
        real: which keys are no padding, ``(sequences, 1, 1, longest)``, None likewise.
        allowed: which keys each query sees, ``(sequences or 1, 1, longest, longest)``,
            None where `is_causal` says it all or, where that is False, `real`.
    """

    sequences: int
    tokens: int
    longest: int
    is_causal: bool = False
    slots: Tensor | None = None
    filled: Tensor | None = None
    real: Tensor | None = None
    allowed: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A batch of sequences without padding.

    Attributes:
        ids: token ids, ``(tokens,)``.
        positions: each token's place in its sequence, ``(tokens,)``; a branch goes on
            where the trunk ends.
        segments: 0 for a text, 1 for its pair, ``(tokens,)``.
        bounds: where each sequence begins, then where the last ends,
            ``(sequences + 1,)``.
        layouts: trunk and branches of each sequence.
        groups: how attention divides the batch; covers it in order.
        is_causal: whether a token sees nothing after it.
        is_padded: whether all sequences form one group.
    """

    ids: Tensor
    positions: Tensor
    segments: Tensor
    bounds: Tensor
    layouts: tuple[Layout, ...]
    groups: tuple[Group, ...]
    is_causal: bool
    is_padded: bool

    @property
    def first(self) -> Tensor:
        """The index of each sequence's first token, ``(sequences,)``."""
        return self.bounds[:-1]

    @property
    def last(self) -> Tensor:
        """The index of each sequence's last token, ``(sequences,)``."""
        return self.bounds[1:] - 1

    @property
    def is_plain(self) -> bool:
        """Whether every token sees all of its sequence, and lengths differ."""
        return not self.is_causal and all(
            group.slots is not None and group.allowed is None for group in self.groups
        )

    def windowed(self, window: int) -> Packed:
        """Return the batch with attention to the last `window` places alone.

        The token itself is one of them. Where no sequence is longer, nothing changes.
        """
        if max(trunk + max(ends, default=0) for trunk, *ends in self.layouts) <= window:
            return self
        groups = _divide(
            self.layouts,
            is_causal=self.is_causal,
            is_padded=self.is_padded,
            window=window,
            device=self.ids.device,
        )
        return replace(self, groups=groups)

    def seeing(self, sights: Sequence[Tensor], positions: Sequence[int]) -> Packed:
        """Return the batch with attention and positions of its own.

        Args:
            sights: which token of each sequence sees which, ``(length, length)``; each
                must see one.
            positions: of all tokens.
        """
        left = iter(sights)
        device = self.ids.device
        groups = []
        for group in self.groups:
            own = [next(left) for _ in range(group.sequences)]
            shown = send(_shown(own, group.longest), device)
            groups.append(replace(group, allowed=shown))
        moved = send(torch.tensor(positions), device)
        return replace(self, groups=tuple(groups), positions=moved)


def pack(
    ids: Sequence[Sequence[int]],
    segments: Sequence[Sequence[int]] | None = None,
    *,
    device: torch.device,
    is_causal: bool = False,
    layouts: Sequence[Layout] | None = None,
    is_padded: bool | None = None,
) -> Packed:
    """Lay sequences end to end; order them by length to have few groups on the CPU.

    Args:
        ids: token ids of each sequence, none empty.
        segments: segment ids of each sequence, of the same lengths; 0 by default.
        device: where the tensors go.
        is_causal: whether a token sees nothing after it.
        layouts: trunk and branches of each sequence, where causal ones branch; a trunk
            has one token or more.
        is_padded: whether attention pads to one group; by default on CUDA alone.
    """
    lengths = [len(sequence) for sequence in ids]
    count(sum(lengths), sum(lengths))
    shapes = tuple((n,) for n in lengths) if layouts is None else tuple(layouts)
    if is_padded is None:
        is_padded = device.type != "cpu"

    flat = [
        [token for sequence in ids for token in sequence],
        [place for shape in shapes for place in _places(shape)],
        [s for sequence in segments for s in sequence]
        if segments is not None
        else [0] * sum(lengths),
    ]
    tokens, positions, own_segments = send(torch.tensor(flat, dtype=torch.long), device)
    return Packed(
        ids=tokens,
        positions=positions,
        segments=own_segments,
        bounds=send(torch.tensor([0, *accumulate(lengths)]), device),
        layouts=shapes,
        groups=_divide(
            shapes, is_causal=is_causal, is_padded=is_padded, window=None, device=device
        ),
        is_causal=is_causal,
        is_padded=is_padded,
    )


def places_of(packed: Packed) -> Iterator[Tensor]:
    """Yield the positions in each group, ``(sequences or 1, longest)``."""
    tokens = [group.tokens for group in packed.groups]
    pieces = zip(torch.split(packed.positions, tokens), packed.groups, strict=True)
    for positions, group in pieces:
        if group.slots is None:  # all of one layout
            yield positions[None, : group.longest]
        else:
            places = positions.index_select(0, group.slots)
            yield places.view(group.sequences, group.longest)


def sight_of(group: Group, device: torch.device) -> Tensor | None:
    """Return which keys a group's queries see, ``(sequences or 1, 1, longest, longest)``.

    None where they see all; the third size is 1 where all queries see the same.
    """
    if group.allowed is not None:
        return group.allowed
    return causal_sight(group.longest, device) if group.is_causal else group.real


def _divide(
    layouts: Sequence[Layout],
    *,
    is_causal: bool,
    is_padded: bool,
    window: int | None,
    device: torch.device,
) -> tuple[Group, ...]:
    if is_padded and len({sum(layout) for layout in layouts}) > 1:
        return (_padded_group(layouts, is_causal, window, device),)
    return tuple(_runs(layouts, is_causal, window, device))


def _runs(
    layouts: Sequence[Layout], is_causal: bool, window: int | None, device: torch.device
) -> Iterator[Group]:
    """Group neighbours of one layout."""
    for layout, run in groupby(layouts):
        count, length = sum(1 for _ in run), sum(layout)
        needs_mask = is_causal and (len(layout) > 1 or (window or length) < length)
        sees = _sees(layout, window, length)[None, None] if needs_mask else None
        yield Group(
            sequences=count,
            tokens=count * length,
            longest=length,
            is_causal=is_causal,
            allowed=None if sees is None else send(sees, device),
        )


def _padded_group(
    layouts: Sequence[Layout], is_causal: bool, window: int | None, device: torch.device
) -> Group:
    """Put all sequences into one group, under a mask."""
    lengths = [sum(layout) for layout in layouts]
    longest = max(lengths)
    slots, is_real = padded_slots(lengths)
    real = is_real[:, None, None]
    allowed = None
    has_branches = any(len(layout) > 1 for layout in layouts)
    if is_causal and (has_branches or (window or longest) < longest):
        sees = torch.stack([_sees(layout, window, longest) for layout in layouts])
        # padding sees a real key, so that no row is empty
        allowed = (sees[:, None] & real) | (~is_real[:, None, :, None] & real)
    return Group(
        sequences=len(layouts),
        tokens=sum(lengths),
        longest=longest,
        is_causal=is_causal,
        slots=send(slots, device),
        filled=send(is_real.flatten().nonzero().squeeze(1), device),
        real=send(real, device),
        allowed=None if allowed is None else send(allowed, device),
    )


def _shown(sights: Sequence[Tensor], longest: int) -> Tensor:
    """Return what a group's queries see, ``(sequences, 1, longest, longest)``."""
    allowed = torch.zeros(len(sights), longest, longest, dtype=torch.bool)
    allowed[:, :, 0] = True  # padding sees a real key, so that no row is empty
    for row, sight in zip(allowed, sights, strict=True):
        row[: len(sight), : len(sight)] = sight
    return allowed[:, None]


def _places(layout: Layout) -> list[int]:
    trunk, *branches = layout
    return [*range(trunk), *(trunk + i for n in branches for i in range(n))]


def causal_sight(length: int, device: torch.device) -> Tensor:
    """Return which tokens see which where none sees what follows.

    ``(1, 1, length, length)``.
    """
    return send(_sees((length,), None, length)[None, None], device)


def _sees(layout: Layout, window: int | None, size: int) -> Tensor:
    """Return which token of a causal sequence sees which, ``(size, size)``."""
    padding = size - sum(layout)
    place = torch.tensor(_places(layout) + [0] * padding)
    branch = torch.tensor([b for b, n in enumerate(layout) for _ in range(n)])
    branch = torch.cat([branch, branch.new_full((padding,), -1)])
    order = torch.arange(size)
    sees = (order[:, None] >= order) & (
        (branch == 0) | (branch[:, None] == branch)
    )  # what came before, in the trunk or in the same branch
    if window is not None:
        sees &= place[:, None] - place < window
    return sees
