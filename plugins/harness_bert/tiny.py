"""The built-in `bert:tiny`: a small encoder with random weights, and no file at all.

It exists so that everything can be tried in seconds, offline: it learns the built-in
sample tasks from scratch. Its weights are drawn from the load settings' seed.
"""

from __future__ import annotations

from typing import Any

TINY = "tiny"
TINY_REVISION = 1
"""Raised whenever the configuration, tokenizer or initialisation changes."""

TINY_LEARNING_RATE = 3e-3
"""The best of those tried (1e-3 to 5e-3) after two epochs over 1,000 made-up examples."""

TINY_CONFIG: dict[str, Any] = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "vocab_size": 8192,
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
}
