"""What attention asks of a batch: its own keys, or those that were kept before.

A decoder's layers ask an `Attending` with queries, keys and values, and never know
whether a whole batch is read (`PackedAttention`), a batch whose keys must be kept
(`KeyValueCache.prefill`), or one more token for each row (`KeyValueCache.step`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from harness_torch.attention import attend
from harness_torch.packed import Packed
from harness_torch.prefix import Before, Seen, put_before

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
    """

    layer: int
    query: Tensor
    key: Tensor
    value: Tensor
    scale: float | None = None
    window: int | None = None
    dropout: float = 0.0
    prefix: Before | None = None


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

    Slots are filled from the left, so rows of different lengths need no padding but
    the mask over slots not yet filled.

    Attributes:
        lengths: tokens that each row remembers, ``(rows,)``.
        longest: the most of them.
    """

    def __init__(self) -> None:
        self.lengths = torch.zeros(0, dtype=torch.long)
        self.longest = 0
        self._keys: dict[int, Tensor] = {}  # (rows, key heads, slots, size)
        self._values: dict[int, Tensor] = {}

    def prefill(self, packed: Packed, behind: KeyValueCache | None = None) -> Attending:
        """Start rows with a batch's sequences, which must not branch.

        Args:
            packed: the batch.
            behind: one row, which all sequences continue.
        """
        before = 0 if behind is None else behind.longest
        self.lengths = packed.bounds.diff() + before
        self.longest = before + max(layout[0] for layout in packed.layouts)
        self._keys, self._values = {}, {}
        if behind is not None:
            for kept, own in (
                (behind._keys, self._keys),
                (behind._values, self._values),
            ):
                own.update(
                    (k, self._with_room(v[:, :, :before])) for k, v in kept.items()
                )
        return _Prefill(self, packed, behind)

    def step(self) -> Attending:
        """Take one more token for each row, in every layer once."""
        self.lengths = self.lengths + 1
        self.longest += 1
        return _Step(self)

    def select(self, rows: Tensor) -> None:
        """Keep these rows, in this order.

        Args:
            rows: indices into the present rows, ``(new rows,)``.
        """
        if torch.equal(rows, torch.arange(len(self.lengths), device=rows.device)):
            return
        self.lengths = self.lengths[rows]
        self.longest = int(self.lengths.max()) if len(rows) else 0
        for kept in (self._keys, self._values):
            for layer, slots in kept.items():
                kept[layer] = slots[:, :, : self.longest + _ROOM][rows]

    def put(self, asked: Asked, rows: Tensor, slots: Tensor) -> None:
        """Keep the keys and values of a layer's tokens in these rows and slots."""
        for kept, states in ((self._keys, asked.key), (self._values, asked.value)):
            none = states[:0].transpose(0, 1)[None]
            held = self._with_room(kept.get(asked.layer, none))
            held[rows, :, slots] = states.to(held.dtype)
            kept[asked.layer] = held

    def read(self, layer: int) -> tuple[Tensor, Tensor]:
        """Return the filled slots, ``(rows, key heads, longest, size)``."""
        keys, values = self._keys[layer], self._values[layer]
        return keys[:, :, : self.longest], values[:, :, : self.longest]

    def seen(self, window: int | None) -> Tensor:
        """Return which slots each row's newest token sees, ``(rows, longest)``."""
        slots = torch.arange(self.longest, device=self.lengths.device)
        seen = slots < self.lengths[:, None]
        if window is not None:
            seen &= slots >= self.lengths[:, None] - window
        return seen

    def _with_room(self, held: Tensor) -> Tensor:
        """Return what is held of all rows, or of one for all, with room for more."""
        _, heads, slots, size = held.shape
        if slots >= self.longest:
            return held
        room = self.longest + _ROOM
        larger = held.new_zeros(len(self.lengths), heads, room, size)
        larger[:, :, :slots] = held
        return larger


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


class _Prefill:
    """Attends within a packed batch and keeps its keys and values."""

    def __init__(
        self, cache: KeyValueCache, packed: Packed, behind: KeyValueCache | None
    ) -> None:
        self._cache = cache
        self._within: Attending = PackedAttention(packed)
        self._slots = packed.positions
        if behind is not None:
            self._within = BehindAttention(packed, behind)
            self._slots = packed.positions + behind.longest
        rows = torch.arange(len(cache.lengths), device=cache.lengths.device)
        self._rows = rows.repeat_interleave(packed.bounds.diff())

    def __call__(self, asked: Asked) -> Tensor:
        self._cache.put(asked, self._rows, self._slots)
        return self._within(asked)


class _Step:
    """Appends one token to each row and lets it attend to all that the row remembers."""

    def __init__(self, cache: KeyValueCache) -> None:
        self._cache = cache
        self._rows = torch.arange(len(cache.lengths), device=cache.lengths.device)
        self._slots = cache.lengths - 1
        self._seen = lru_cache(cache.seen)

    def __call__(self, asked: Asked) -> Tensor:
        self._cache.put(asked, self._rows, self._slots)
        query, prefix = asked.query, asked.prefix
        keys, values = self._cache.read(asked.layer)
        # The query heads that share a key stand as that key's queries: no key is
        # repeated in memory.
        heads = query.view(len(query), keys.shape[1], -1, query.shape[-1])
        mask = self._seen(asked.window)[:, None, None]  # (rows, 1, 1, longest)
        seen = Seen(keys, values, mask)
        attended = F.scaled_dot_product_attention(
            heads,
            *(seen if prefix is None else prefix.before(seen)),
            scale=asked.scale,
            dropout_p=asked.dropout,
        )
        return attended.reshape(len(query), -1)
