"""How large a new decoder is. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness_torch.sizes import Sizes

NEW_LEARNING_RATE = 1e-3
"""For small decoders from scratch: 6e-4 (Brown et al. 2020) is for 125 M parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGpt(Sizes):
    """A new GPT-2 or Llama."""

    architecture: Literal["gpt2", "llama"] = "gpt2"
