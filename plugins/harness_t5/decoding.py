"""Texts that a T5 is writing: what each row remembers, and which source it reads.

All rows begin together and gain a token each step, so none needs padding. The keys of
a source are computed once, whatever its beams, and go when its rows are gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor

from harness_t5.model import T5, Attention
from harness_torch.abilities import check_finite
from harness_torch.crossing import attend_across, cross
from harness_torch.positions import count

_ROOM = 32  # slots that are added when they run out


class T5Decoding:
    """A `harness_torch.generation.loop.Decoding`, with one row for each source at first.

    Args:
        module: what writes.
        states: the encoder's, ``(source tokens, C)``.
        lengths: tokens of each source.
        title: how messages name the model.
    """

    def __init__(
        self, module: T5, states: Tensor, lengths: Sequence[int], title: str
    ) -> None:
        if module.decoder is None:
            raise ValueError("a model without a decoder can't write")
        self._module = module
        self._decoder = module.decoder
        self._bias = states.new_zeros(1, 1, 1, 0)  # of the present step
        self._states = states
        self._title = title
        self._written = 0
        self._sources = list(range(len(lengths)))  # the source of each row
        self._crossing = cross([1] * len(lengths), lengths, device=states.device)
        self._read: dict[int, tuple[Tensor, Tensor]] = {}  # keys, values of sources
        self._own: dict[int, Tensor] = {}  # (2, rows, H, slots, D)

    def start(self) -> Tensor:
        """Begin every row and return logits of its first token."""
        token = self._module.config.start_token_id
        rows = len(self._sources)
        count(rows, rows)
        return self.step(torch.full((rows,), token, device=self._states.device))

    def step(self, tokens: Tensor) -> Tensor:
        """Append one token to each row and return fp32 logits of what may come next.

        Raises:
            CheckpointError: the logits are no numbers.
        """
        place = torch.arange(self._written + 1, device=tokens.device) - self._written
        self._bias = self._decoder.bias(place[None, None])  # (1, H, 1, places)
        states = self._module.decode(tokens, self)
        self._written += 1
        logits = self._module.project(states).float()
        check_finite(logits, self._title)
        return logits

    def select(self, rows: Tensor) -> None:
        """Keep these rows, in this order; one may be repeated or left out."""
        end = self._written + _ROOM
        for block, own in self._own.items():
            self._own[block] = own[:, :, :, :end].index_select(1, rows)
        self._follow([self._sources[row] for row in rows.tolist()])

    def within(self, block: int, hidden: Tensor, attention: Attention) -> Tensor:
        """Attend to what each row has written, this token included."""
        place, end = self._written, self._written + 1
        own = self._with_room(block, attention, len(hidden), hidden)
        own[0, :, :, place], own[1, :, :, place] = attention.keys(hidden)
        seen = F.scaled_dot_product_attention(
            attention.query(hidden)[:, :, None],
            own[0, :, :, :end],
            own[1, :, :, :end],
            self._bias.to(own.dtype),
            scale=1.0,
        )
        return seen.flatten(1)

    def across(self, block: int, hidden: Tensor, attention: Attention) -> Tensor:
        """Attend to the source of each row."""
        if block not in self._read:
            key, value = attention.keys(self._states)
            spread = self._crossing.spread
            self._read[block] = (spread(key), spread(value))
        query = attention.query(hidden)
        return attend_across(query, *self._read[block], self._crossing, scale=1.0)

    def _with_room(
        self, block: int, attention: Attention, rows: int, like: Tensor
    ) -> Tensor:
        own = self._own.get(block)
        if own is not None and own.shape[3] > self._written:
            return own
        size = attention.k.out_features // attention.heads
        slots = self._written + _ROOM
        larger = like.new_zeros(2, rows, attention.heads, slots, size)
        if own is not None:
            larger[:, :, :, : own.shape[3]] = own
        self._own[block] = larger
        return larger

    def _follow(self, sources: Sequence[int]) -> None:
        """Let rows read these sources, each row one."""
        runs = [(source, sum(1 for _ in run)) for source, run in groupby(sources)]
        kept = [source for source, _ in runs]
        before, reading = self._crossing, self._crossing.reading
        asking = [count for _, count in runs]
        self._sources = [
            place for place, count in enumerate(asking) for _ in range(count)
        ]
        if kept == list(range(len(reading))) and asking == list(before.asking):
            return
        lengths = [reading[source] for source in kept]
        device = self._states.device
        self._crossing = cross(asking, lengths, device=device)
        if kept == list(range(len(reading))) and before.places is self._crossing.places:
            return
        tokens = torch.cat([before.rows_of(source) for source in kept]).to(device)
        for block, read in self._read.items():
            key, value = (self._crossing.spread(rows[tokens]) for rows in read)
            self._read[block] = (key, value)
