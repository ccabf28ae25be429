"""What attention asks of a batch: its own keys, or those that were kept before.

A decoder's layers ask an `Attending` with queries, keys and values, and never know
whether a whole batch is read (`PackedAttention`), a batch whose keys must be kept
(`KeyValueCache.join`), or one more token for each row (`KeyValueCache.step`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from harness_torch.attention import attend
from harness_torch.device import send
from harness_torch.packed import Packed
from harness_torch.prefix import Before, Seen, put_before
from harness_torch.seeing import added_by, attend_to_both, sight

_ROOM = 64  # slots that are added when they run out


class Asked(NamedTuple):
    """What a layer asks of attention.

    Attributes:
        layer: its place.
        query: ``(tokens, heads, size)``.
        key: ``(tokens, key heads, size)``; each serves as many query heads in a row.
        value: ``(tokens, key heads, size)``.
        scale: what scores are multiplied by; 1 over the root of the size by default.
        window: how many places a token sees, itself included; all by default.
        dropout: probability that an attention weight is dropped.
        prefix: what every token of the layer sees besides, if anything.
        added: of one more token for each row, what is added to its scores, which then
            says what it sees too, ``(rows, heads, 1, longest)``.
    """

    layer: int
    query: Tensor
    key: Tensor
    value: Tensor
    scale: float | None = None
    window: int | None = None
    dropout: float = 0.0
    prefix: Before | None = None
    added: Tensor | None = None


Attending = Callable[[Asked], Tensor]
"""Lets queries attend, each to what it may see.

Returns heads side by side, ``(tokens, heads * size)``.
"""


class PackedAttention:
    """Attention within the sequences of a packed batch."""

    def __init__(self, packed: Packed) -> None:
        self._packed = packed
        self._windowed = lru_cache(packed.windowed)

    def __call__(self, asked: Asked) -> Tensor:
        """Attend; see `Attending`."""
        window = asked.window
        return attend(
            asked.query,
            asked.key,
            asked.value,
            self._packed if window is None else self._windowed(window),
            dropout=asked.dropout,
            scale=asked.scale,
            prefix=asked.prefix,
        )


class KeyValueCache:
    """Keys and values of rows that are continued, each as far as it has come.

    Places are filled from the left, so rows of different lengths need no padding but
    the mask over places not yet filled. Rows lie one after another; whoever takes a
    row's place overwrites it, and all others stay where they are. What all rows begin
    with may be kept apart, once.

    Attributes:
        lengths: tokens that each row remembers, with what all begin with, ``(rows,)``.
    """

    def __init__(self) -> None:
        self.lengths = torch.zeros(0, dtype=torch.long)
        self._behind: KeyValueCache | None = None
        self._counts: list[int] = []  # the same, where nobody waits for a GPU
        self._keys: dict[int, Tensor] = {}  # (rows or more, key heads, places, size)
        self._values: dict[int, Tensor] = {}

    @property
    def longest(self) -> int:
        """The most tokens that a row remembers of its own."""
        return max(self._counts, default=0)

    @property
    def before(self) -> int:
        """How many tokens all rows begin with, kept apart."""
        return 0 if self._behind is None else self._behind.longest

    def join(self, packed: Packed, behind: KeyValueCache | None = None) -> Joining:
        """Put the sequences of a batch, which must not branch, behind the rows.

        Args:
            packed: the batch.
            behind: one row, which all sequences continue, and all rows there are.
        """
        first = len(self._counts)
        if first and behind is not self._behind:
            raise ValueError("rows that begin otherwise can't stand side by side")
        self._behind = behind
        self._add([layout[0] for layout in packed.layouts], packed.ids.device)
        return Joining(self, packed, first, behind)

    def open(self, rows: int, device: torch.device) -> None:
        """Put rows that remember nothing yet behind the others."""
        self._add([0] * rows, device)

    def step(self) -> Step:
        """Take one more token for each row, in every layer once."""
        self.lengths = self.lengths + 1
        self._counts = [count + 1 for count in self._counts]
        return Step(self)

    def select(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; only those that move are copied.

        Args:
            rows: present rows; one may be repeated or left out.
        """
        if list(rows) == list(range(len(self._counts))):
            return
        device = self.lengths.device
        self._counts = [self._counts[row] for row in rows]
        chosen = send(torch.tensor(rows, dtype=torch.long), device)
        self.lengths = self.lengths[chosen]
        moved = [(new, old) for new, old in enumerate(rows) if new != old]
        if not moved:
            return
        new, old = send(torch.tensor(moved), device).unbind(1)
        for kept in (self._keys, self._values):
            for layer, held in kept.items():
                filled = held[:, :, : self.longest].index_select(0, old)
                kept[layer] = held = self._with_room(held)
                held[:, :, : self.longest].index_copy_(0, new, filled)

    def put(
        self, layer: int, states: tuple[Tensor, Tensor], rows: Tensor, places: Tensor
    ) -> None:
        """Keep keys and values of a layer's tokens in these rows and places.

        Args:
            layer: its place.
            states: keys and values, ``(tokens, key heads, size)`` each.
            rows: of each token, ``(tokens,)``.
            places: likewise.
        """
        for kept, own in zip((self._keys, self._values), states, strict=True):
            none = own[:0].transpose(0, 1)[None]
            held = kept[layer] = self._with_room(kept.get(layer, none))
            held[rows, :, places] = own.to(held.dtype)

    def read(self, layer: int) -> tuple[Tensor, Tensor]:
        """Return the filled places, ``(rows, key heads, longest, size)`` each.

        What all rows begin with is not there; see `read_before`.
        """
        rows, longest = len(self._counts), self.longest
        keys, values = self._keys[layer], self._values[layer]
        return keys[:rows, :, :longest], values[:rows, :, :longest]

    def read_before(self, layer: int) -> tuple[Tensor, Tensor]:
        """Return what all rows begin with, ``(1, key heads, before, size)`` each."""
        if self._behind is None:
            keys, values = self.read(layer)
            return keys[:1, :, :0], values[:1, :, :0]
        return self._behind.read(layer)

    def _add(self, counts: Sequence[int], device: torch.device) -> None:
        self._counts = [*self._counts, *counts]
        counts = [count + self.before for count in counts]
        new = send(torch.tensor(counts, dtype=torch.long), device)
        self.lengths = torch.cat([self.lengths.to(device), new])

    def _with_room(self, held: Tensor) -> Tensor:
        """Return what is held, with room for all rows as they are now."""
        rows, heads, places, size = held.shape
        asked_rows, asked = len(self._counts), self.longest
        if rows >= asked_rows and places >= asked:
            return held
        most = max(rows, asked_rows), max(places, asked + _ROOM)
        larger = held.new_zeros(most[0], heads, most[1], size)
        larger[:rows, :, :places] = held
        return larger


class Beside:
    """Attention of a batch's first tokens in one way and of the others in another.

    Args:
        first: lets the first tokens attend.
        tokens: how many they are.
        second: lets the others attend.
    """

    def __init__(self, first: Attending, tokens: int, second: Attending) -> None:
        self._first = first
        self._tokens = tokens
        self._second = second

    def __call__(self, asked: Asked) -> Tensor:
        """Attend; see `Attending`."""
        at = self._tokens
        q, k, v = asked.query, asked.key, asked.value
        one = asked._replace(query=q[:at], key=k[:at], value=v[:at])
        other = asked._replace(query=q[at:], key=k[at:], value=v[at:])
        return torch.cat([self._first(one), self._second(other)])


class BehindAttention:
    """Attention within a packed batch whose every token sees a kept row too."""

    def __init__(self, packed: Packed, kept: KeyValueCache) -> None:
        self._within = PackedAttention(packed)
        self._kept = kept

    def __call__(self, asked: Asked) -> Tensor:
        """Attend; see `Attending`. A window must reach back over all of the row."""
        kept = _Kept(*self._kept.read(asked.layer), asked.prefix)
        return self._within(asked._replace(prefix=kept))


class _Kept(NamedTuple):
    """A layer's keys and values of one row, and the prefix before them."""

    keys: Tensor
    values: Tensor
    prefix: Before | None

    @property
    def is_empty(self) -> bool:
        return False

    def before(self, seen: Seen) -> Seen:
        rows = (kept[0].transpose(0, 1) for kept in (self.keys, self.values))
        seen = put_before(seen, *rows)
        return seen if self.prefix is None else self.prefix.before(seen)


class Joining:
    """Attends within a packed batch and keeps its keys and values.

    Made by `KeyValueCache.join`.
    """

    def __init__(
        self,
        cache: KeyValueCache,
        packed: Packed,
        first: int,
        behind: KeyValueCache | None,
    ) -> None:
        self._cache = cache
        self._within: Attending = (
            PackedAttention(packed)
            if behind is None
            else BehindAttention(packed, behind)
        )
        self._places = packed.positions
        rows = torch.arange(len(packed.layouts), device=packed.ids.device) + first
        tokens = len(packed.ids)
        self._rows = rows.repeat_interleave(packed.bounds.diff(), output_size=tokens)

    def __call__(self, asked: Asked) -> Tensor:
        """Attend; see `Attending`."""
        self.keep(asked.layer, asked.key, asked.value)
        return self._within(asked)

    def keep(self, layer: int, keys: Tensor, values: Tensor) -> None:
        """Keep keys and values of a layer's tokens, ``(tokens, key heads, size)``."""
        self._cache.put(layer, (keys, values), self._rows, self._places)


class Step:
    """Appends one token to each row and lets it attend to all that the row remembers.

    Made by `KeyValueCache.step`. Rows that join the cache later take no part.

    Attributes:
        lengths: tokens that each row remembers, this one included, ``(rows,)``.
        longest: the most that a row remembers of its own.
    """

    def __init__(self, cache: KeyValueCache) -> None:
        self.lengths = cache.lengths
        self.longest = cache.longest
        self._cache = cache
        self._own = cache.lengths - cache.before
        self._count = len(cache.lengths)
        self._rows = torch.arange(self._count, device=cache.lengths.device)
        self._masks: dict[tuple[int | None, torch.dtype], Tensor] = {}

    def __call__(self, asked: Asked) -> Tensor:
        """Attend; see `Attending`."""
        states = (asked.key, asked.value)
        self._cache.put(asked.layer, states, self._rows, self._own - 1)
        query, at, longest = asked.query, self._count, self.longest
        keys, values = (
            kept[:at, :, :longest] for kept in self._cache.read(asked.layer)
        )
        own = Seen(keys, values, self._mask(asked))
        # The query heads that share a key stand as that key's queries: no key is
        # repeated in memory.
        heads = query.view(len(query), keys.shape[1], -1, query.shape[-1])
        shared = self._shared(asked)
        if shared.keys.shape[2]:
            scale = query.shape[-1] ** -0.5 if asked.scale is None else asked.scale
            attended = attend_to_both(heads, shared, own, scale)
        else:
            attended = F.scaled_dot_product_attention(
                heads, *own, scale=asked.scale, dropout_p=asked.dropout
            )
        return attended.reshape(len(query), -1)

    def _mask(self, asked: Asked) -> Tensor:
        """Return what is added to the scores of a layer, the same for all its like."""
        if asked.added is not None:
            return asked.added
        kind = (asked.window, asked.query.dtype)
        if kind not in self._masks:
            seen = sight(self._own, self.longest, window=asked.window)
            self._masks[kind] = added_by(seen, asked.query.dtype)
        return self._masks[kind]

    def _shared(self, asked: Asked) -> Seen:
        """Return what every row sees: the layer's prefix, and what all begin with."""
        keys, values = self._cache.read_before(asked.layer)
        mask = None
        if asked.window is not None:
            places = torch.arange(keys.shape[2], device=keys.device)
            seen = places >= self.lengths[:, None] - asked.window
            mask = added_by(seen, asked.query.dtype)
        shared = Seen(keys, values, mask)
        return shared if asked.prefix is None else asked.prefix.before(shared)
