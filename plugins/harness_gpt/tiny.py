"""The built-in `gpt:tiny`: a small decoder with random weights, and no file at all.

It exists so that everything can be tried in seconds, offline. Its weights are drawn
from the load settings' seed; its tokens are bytes.
"""

from __future__ import annotations

from typing import Any

TINY = "tiny"
TINY_REVISION = 1
"""Raised whenever the configuration, tokenizer or initialisation changes."""

TINY_LEARNING_RATE = 3e-3

TINY_CONFIG: dict[str, Any] = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "vocab_size": 264,
    "n_positions": 1024,
    "n_embd": 64,
    "n_layer": 2,
    "n_head": 4,
    "n_inner": 128,
    "activation_function": "gelu_new",
    "embd_pdrop": 0.1,
    "attn_pdrop": 0.1,
    "resid_pdrop": 0.1,
    "initializer_range": 0.02,
    "layer_norm_epsilon": 1e-5,
    "tie_word_embeddings": True,
}
