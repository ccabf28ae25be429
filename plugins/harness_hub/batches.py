"""Rows of tokens together in one forward, padded where that changes nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from harness_hub.tokenizer import HubTokenizer
from harness_torch.device import send
from harness_torch.positions import count

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MOST_TOKENS = 8192
"""In one forward, padding counted; a longer row is alone."""

_SHORTEST_SHARE = 0.5  # of the longest row: shorter ones go into another forward
_ROUNDING = {torch.float32: 1e-4, torch.float64: 1e-8}
_LOW_ROUNDING = 0.1  # of bf16 and fp16, through all layers


class Row(NamedTuple):
    """What a model reads of one text.

    Attributes:
        ids: token ids, one or more.
        segments: which of two texts each is of; None where the model isn't told.
    """

    ids: Sequence[int]
    segments: Sequence[int] | None = None


Compute = Callable[[Sequence[int]], list[Tensor]]
"""Returns what each of the rows at these places gives, all in one forward."""


class Padding:
    """Makes the inputs of a model's forward from rows of several lengths."""

    def __init__(self, module: PreTrainedModel, tokenizer: HubTokenizer) -> None:
        self._module = module
        self._tokenizer = tokenizer
        self._takes = frozenset(inspect.signature(module.forward).parameters)

    @property
    def id(self) -> int:
        """What fills rows up; it is masked, so any token would do."""
        config = self._module.config.get_text_config()
        rows = _count_embeddings(self._module)
        special = self._tokenizer.special
        told = (getattr(config, "pad_token_id", None), special.pad, special.eos)
        return next((i for i in told if i is not None and 0 <= i < rows), 0)

    def inputs(self, rows: Sequence[Row], *, is_left: bool = False) -> dict[str, Any]:
        """Return ids, mask and segments, each ``(rows, longest)``.

        Args:
            rows: what is read, none empty.
            is_left: whether rows are filled up before their first token.
        """
        lengths = [len(row.ids) for row in rows]
        count(sum(lengths), len(rows) * max(lengths))
        made = {
            "input_ids": self._stack([row.ids for row in rows], self.id, is_left),
            "attention_mask": self._stack([[1] * len(r.ids) for r in rows], 0, is_left),
        }
        if self._tokenizer.has_segments and rows[0].segments is not None:
            segments = [row.segments or () for row in rows]
            made["token_type_ids"] = self._stack(segments, 0, is_left)
        return {name: value for name, value in made.items() if name in self._takes}

    def _stack(self, rows: Sequence[Sequence[int]], fill: int, is_left: bool) -> Tensor:
        longest = max(map(len, rows))
        filled = [
            [fill] * (longest - len(row)) + list(row)
            if is_left
            else list(row) + [fill] * (longest - len(row))
            for row in rows
        ]
        return send(torch.tensor(filled), self._module.device)


def _count_embeddings(module: PreTrainedModel) -> int:
    weight = module.get_input_embeddings().weight
    return len(weight) if isinstance(weight, Tensor) else 0


class Batches:
    """Computes many rows in few forwards.

    Some architectures heed padding whatever the mask says. So the first time that
    rows differ in length, one is computed with a longer one and alone: where that
    makes a difference, rows of different lengths are never put together.

    Args:
        module: what computes them.
        is_alone: whether every row is computed alone.
    """

    def __init__(self, module: PreTrainedModel, *, is_alone: bool = False) -> None:
        self._module = module
        self._rounding = _ROUNDING.get(module.dtype, _LOW_ROUNDING)
        self._most_tokens = 0 if is_alone else MOST_TOKENS
        self._may_pad: bool | None = None

    def run(self, lengths: Sequence[int], compute: Compute) -> list[Tensor]:
        """Return what each row gives, in their order.

        Args:
            lengths: tokens of each row.
            compute: computes some of the rows.
        """
        found: dict[int, Tensor] = {}
        for places in self.groups(lengths, compute):
            found.update(zip(places, compute(places), strict=True))
        return [found[place] for place in range(len(lengths))]

    def groups(self, lengths: Sequence[int], probe: Compute) -> Iterator[list[int]]:
        """Yield the places of rows that go together, longest rows first.

        Args:
            lengths: tokens of each row.
            probe: computes some of the rows, to see whether padding matters.
        """
        batch: list[int] = []
        for place in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
            if batch and not self._fits(lengths, [*batch, place], probe):
                yield batch
                batch = []
            batch.append(place)
        if batch:
            yield batch

    def _fits(
        self, lengths: Sequence[int], places: Sequence[int], probe: Compute
    ) -> bool:
        """Tell whether the last row may go with those before it."""
        longest, shortest = lengths[places[0]], lengths[places[-1]]
        if longest * len(places) > self._most_tokens:
            return False
        if longest == shortest:
            return True
        if shortest < _SHORTEST_SHARE * longest:
            return False
        if self._may_pad is None:
            self._may_pad = self._is_same(places, probe)
        return self._may_pad

    def _is_same(self, places: Sequence[int], probe: Compute) -> bool:
        """Compute the last row beside the first and alone, without dropout."""
        is_training = self._module.training
        self._module.eval()
        with torch.no_grad():
            beside = probe([places[0], places[-1]])[1]
            (alone,) = probe([places[-1]])
        self._module.train(is_training)
        return is_close(beside, alone, self._rounding)


def is_close(left: Tensor, right: Tensor, share: float) -> bool:
    """Tell whether two ways to compute the same agree, but for a share of their norm."""
    if left.shape != right.shape:
        return False
    difference = (left.double() - right.double()).norm()
    scale = torch.maximum(left.double().norm(), right.double().norm())
    return bool(difference <= share * scale)
