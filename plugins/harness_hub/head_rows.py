"""What a model with a trained head says of rows of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from harness import CheckpointError, Encoded
from harness_hub.batches import Batches, Padding, Row
from harness_torch.tokenizers.protocol import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class HeadRows:
    """Runs a module with a head over one vector of each text.

    A decoder's vector is that of its last token which isn't padding; where its
    configuration names no padding token, every row is computed alone. That of an
    encoder-decoder is its last end token's, and rows of one forward must have as many
    of these as one another.
    """

    def __init__(
        self,
        module: PreTrainedModel,
        padding: Padding,
        *,
        title: str,
        is_choosing: bool = False,
    ) -> None:
        config = module.config.get_text_config()
        self._module = module
        self._padding = padding
        self._title = title
        self._is_choosing = is_choosing
        self._end = config.eos_token_id if config.is_encoder_decoder else None
        self._batches = Batches(
            module, is_alone=getattr(config, "pad_token_id", None) is None
        )

    def classes(self, batch: Sequence[Encoded]) -> Tensor:
        """Return ``(batch, outputs)`` of encoded texts and pairs."""
        return self.logits([Row(item.ids, item.extra["segments"]) for item in batch])

    def choices(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(rows, 1)`` of a context with each of its choices."""
        return self.logits([Row(row.ids, row.segments) for row in rows])

    def logits(self, rows: Sequence[Row]) -> Tensor:
        """Return ``(rows, outputs)``.

        Raises:
            CheckpointError: the model needs an end token, and the tokenizer sets none.
        """

        def compute(places: Sequence[int]) -> list[Tensor]:
            return self._compute([rows[place] for place in places])

        return torch.stack(self._batches.run([len(row.ids) for row in rows], compute))

    def _compute(self, rows: Sequence[Row]) -> list[Tensor]:
        alike: dict[int, list[int]] = {}
        for place, row in enumerate(rows):
            alike.setdefault(self._count_ends(row), []).append(place)
        found: dict[int, Tensor] = {}
        for places in alike.values():
            inputs: dict[str, Any] = self._padding.inputs([rows[i] for i in places])
            if self._is_choosing:  # such a model wants the choices of a text beside it
                inputs = {name: value.unsqueeze(1) for name, value in inputs.items()}
            logits = self._module(**inputs).logits
            found.update(zip(places, logits, strict=True))
        return [found[place] for place in range(len(rows))]

    def _count_ends(self, row: Row) -> int:
        if self._end is None:
            return 0
        count = list(row.ids).count(self._end)
        if count == 0:
            raise CheckpointError(
                f"the tokenizer of {self._title} puts no end token ({self._end}) after "
                "a text, of which the model's head needs one: use the tokenizer that "
                "belongs to the model"
            )
        return count
