"""Texts that a T5 is writing: what each row remembers, and which source it reads.

The keys of a source are computed once, whatever its beams, and lie in memory once; its
beams meet them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from harness import Encoded
from harness_t5.model import T5, Attention, Stack
from harness_t5.sources import pack_sources
from harness_torch.abilities import check_finite
from harness_torch.cache import (
    Asked,
    Joining,
    KeyValueCache,
    Step,
)
from harness_torch.device import send
from harness_torch.positions import count
from harness_torch.seeing import added_by, sight
from harness_torch.slots import padded_slots


class T5Decoding:
    """A `harness_torch.generation.loop.Decoding`.

    Args:
        module: what writes.
        title: how messages name the model.
    """

    def __init__(self, module: T5, title: str) -> None:
        if module.decoder is None:
            raise ValueError("a model without a decoder can't write")
        self._module = module
        self._decoder = module.decoder
        self._title = title
        self._device = module.shared.weight.device
        self._written = KeyValueCache()  # of each row
        self._sources = KeyValueCache()  # of each source
        self._source_of: list[int] = []  # of each row; those of a source are neighbours

    def go_on(self, tokens: Sequence[int], newcomers: Sequence[Encoded]) -> Tensor:
        """Append a token to each row, and begin one for each newcomer's source.

        Returns:
            fp32 logits of all next tokens, ``(rows, vocabulary)``.

        Raises:
            CheckpointError: the logits are no numbers.
        """
        known = len(self._sources.lengths)
        self._source_of += range(known, known + len(newcomers))
        self._written.open(len(newcomers), self._device)
        reading = self._read(newcomers) if newcomers else None
        step = self._written.step()
        seen = _Sight(self._decoder, step, self._sources, self._source_of, reading)
        start = [self._module.config.start_token_id] * len(newcomers)
        ids = send(torch.tensor([*tokens, *start]), self._device)
        count(len(newcomers), len(newcomers))  # with their start tokens
        states = self._module.decode(ids, seen)
        logits = self._module.project(states).float()
        check_finite(logits, self._title)
        return logits

    def select(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; one may be repeated or left out."""
        self._written.select(rows)
        sources = [self._source_of[row] for row in rows]
        kept = [source for source, _ in groupby(sources)]
        self._sources.select(kept)
        counts = [sum(1 for _ in run) for _, run in groupby(sources)]
        self._source_of = [n for n, count in enumerate(counts) for _ in range(count)]

    def _read(self, newcomers: Sequence[Encoded]) -> _Reading:
        packed = pack_sources(newcomers, self._device)
        return _Reading(self._module.encode(packed), self._sources.join(packed))


class _Reading(NamedTuple):
    """Sources that are read just now: the encoder's states, ``(tokens, C)``."""

    states: Tensor
    joining: Joining


class _Sight:
    """What one more token of each row sees; see `harness_t5.model.Sight`."""

    def __init__(
        self,
        decoder: Stack,
        step: Step,
        sources: KeyValueCache,
        source_of: Sequence[int],
        reading: _Reading | None,
    ) -> None:
        self._step = step
        self._sources = sources
        self._reading = reading
        self._added = _added(decoder, step)
        lengths = sources.lengths
        dtype = decoder.bias_table.dtype
        self._real = added_by(sight(lengths, sources.longest), dtype)
        counts = [sum(1 for _ in run) for _, run in groupby(source_of)]
        self._count = counts[0]
        self._slots = self._filled = None
        if len(set(counts)) > 1:
            slots, is_real = padded_slots(counts)
            self._count = max(counts)
            self._slots = send(slots, lengths.device)
            filled = is_real.flatten().nonzero().squeeze(1)
            self._filled = send(filled, lengths.device)

    def within(self, block: int, hidden: Tensor, attention: Attention) -> Tensor:
        """Attend to what each row has written, this token included."""
        asked = Asked(
            block,
            attention.query(hidden),
            *attention.keys(hidden),
            scale=1.0,
            prefix=attention.prefix,
            added=self._added,
        )
        return self._step(asked)

    def across(self, block: int, hidden: Tensor, attention: Attention) -> Tensor:
        """Attend to the source of each row; its beams stand as its queries."""
        if self._reading is not None:
            states, joining = self._reading
            joining.keep(block, *attention.keys(states))
        query = attention.query(hidden)
        if self._slots is not None:
            query = query.index_select(0, self._slots)
        heads = query.view(-1, self._count, *query.shape[1:]).transpose(1, 2)
        seen = F.scaled_dot_product_attention(
            heads,
            *self._sources.read(block),
            self._real,
            scale=1.0,
        )
        rows = seen.transpose(1, 2).flatten(0, 1).flatten(1)
        return rows if self._filled is None else rows.index_select(0, self._filled)


def _added(decoder: Stack, step: Step) -> Tensor:
    """Return what all layers add to the scores of a step, ``(rows, H, 1, longest)``."""
    places = torch.arange(step.longest, device=step.lengths.device)
    newest = step.lengths[:, None, None] - 1
    distances = (places - newest).clamp(max=0)  # nobody sees what comes after
    bias = decoder.bias(distances)
    return bias + added_by(sight(step.lengths, step.longest), bias.dtype)
