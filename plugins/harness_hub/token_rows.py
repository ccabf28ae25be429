"""What a model says of each token of rows: vectors, words, span scores, labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from harness_hub.batches import Batches, Padding, Row
from harness_hub.output_rows import OutputRows
from harness_torch.blanks import MaskedRow
from harness_torch.tokenizers.protocol import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class TokenVectors:
    """Makes one vector of a text's last hidden states.

    An encoder-decoder's vector is its encoder's.

    Args:
        module: the model.
        padding: makes inputs of rows.
        mode: ``mean``, ``cls`` (the first token's) or ``last``.
    """

    def __init__(self, module: PreTrainedModel, padding: Padding, mode: str) -> None:
        is_pair = module.config.is_encoder_decoder
        self._module: Any = module.get_encoder() if is_pair else module.base_model
        self._padding = padding
        self._mode = mode
        self._batches = Batches(module)

    def __call__(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(rows, width)``, in fp32."""

        def compute(places: Sequence[int]) -> list[Tensor]:
            some = [rows[place] for place in places]
            inputs = self._padding.inputs([Row(r.ids, r.segments) for r in some])
            states = self._module(**inputs).last_hidden_state
            return [
                self._pool(own[: len(row.ids)].float())
                for own, row in zip(states, some, strict=True)
            ]

        return torch.stack(self._batches.run([len(r.ids) for r in rows], compute))

    def _pool(self, states: Tensor) -> Tensor:
        """Make one vector of ``(time, width)``."""
        if self._mode == "mean":
            return states.mean(dim=0)
        return states[0 if self._mode == "cls" else -1]


class MaskedWords:
    """Predicts the word at the one mask of each row."""

    def __init__(self, module: PreTrainedModel, padding: Padding) -> None:
        self._padding = padding
        self._rows = OutputRows(module)
        self._batches = Batches(module)

    def __call__(self, rows: Sequence[MaskedRow]) -> Tensor:
        """Return ``(rows, vocabulary)``."""

        def compute(places: Sequence[int]) -> list[Tensor]:
            some = [rows[place] for place in places]
            tokens = [row.tokens for row in some]
            inputs = self._padding.inputs([Row(t.ids, t.segments) for t in tokens])
            return self._rows.take(inputs, [[row.place] for row in some])

        taken = self._batches.run([len(row.tokens.ids) for row in rows], compute)
        return self._rows.project(torch.cat(taken))


class SpanScores:
    """Scores every token as the start, and as the end, of an answer."""

    def __init__(self, module: PreTrainedModel, padding: Padding) -> None:
        self._module: Any = module
        self._padding = padding
        self._batches = Batches(module)

    def __call__(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(tokens, 2)``, the rows' tokens one after another."""

        def compute(places: Sequence[int]) -> list[Tensor]:
            some = [rows[place] for place in places]
            inputs = self._padding.inputs([Row(r.ids, r.segments) for r in some])
            said = self._module(**inputs)
            scores = torch.stack([said.start_logits, said.end_logits], dim=-1)
            return [own[: len(row.ids)] for own, row in zip(scores, some, strict=True)]

        return torch.cat(self._batches.run([len(r.ids) for r in rows], compute))


class TokenLabels:
    """Scores every label of every token."""

    def __init__(self, module: PreTrainedModel, padding: Padding) -> None:
        self._module: Any = module
        self._padding = padding
        self._batches = Batches(module)

    def __call__(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(tokens, labels)``, the rows' tokens one after another."""

        def compute(places: Sequence[int]) -> list[Tensor]:
            some = [rows[place] for place in places]
            inputs = self._padding.inputs([Row(r.ids, r.segments) for r in some])
            logits = self._module(**inputs).logits
            return [own[: len(row.ids)] for own, row in zip(logits, some, strict=True)]

        return torch.cat(self._batches.run([len(r.ids) for r in rows], compute))
