"""How large a new encoder is. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness_torch.sizes import Sizes, TokenizerKind

NEW_LEARNING_RATE = 1e-3
"""For small encoders from scratch: 1e-4 (Devlin et al. 2018) is for 110 M parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBert(Sizes):
    """A new BERT, or one of its relatives without segments or with other positions."""

    architecture: Literal["bert", "roberta", "distilbert"] = "bert"
    tokenizer: TokenizerKind = "wordpiece"
