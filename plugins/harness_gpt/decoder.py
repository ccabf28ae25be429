"""What the abilities need of a model: GPT-2 and Llama-style decoders alike."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from harness_torch.cache import Attending

TAGGER_DROPOUT = 0.1
"""What a tagger drops of hidden states in training, as transformers' classes do."""


class Decoder(Protocol):
    """A causal model over packed tokens."""

    @property
    def sight(self) -> int | None:
        """How many places a token sees in the layer where it sees least, None for all.

        The token itself is one of them.
        """

    def __call__(
        self,
        ids: Tensor,
        positions: Tensor,
        attending: Attending,
        rows: Tensor | None = None,
    ) -> Tensor:
        """Return last hidden states, ``(tokens, width)``, or those of some rows alone."""

    def logits(self, hidden: Tensor) -> Tensor:
        """Return ``(rows, vocabulary)`` of hidden states ``(rows, width)``."""
