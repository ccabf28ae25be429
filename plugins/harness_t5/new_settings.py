"""How large a new encoder-decoder is. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass

from harness_torch.sizes import Sizes, TokenizerKind

NEW_LEARNING_RATE = 1e-3
"""For small models from scratch with Adam."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewT5(Sizes):
    """A new T5, with gated feed-forward layers and tied embeddings."""

    tokenizer: TokenizerKind = "unigram"
