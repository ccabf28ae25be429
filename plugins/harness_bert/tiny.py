"""The built-in `bert:tiny`: a small encoder with random weights, and no file at all.

It exists so that everything can be tried in seconds, offline: it learns the built-in
sample tasks from scratch, and fills blanks at random. Its weights are drawn from the
load settings' seed.
"""

from __future__ import annotations

import re
from typing import Any

TINY = "tiny"
TINY_REVISION = 1
"""Raised whenever the configuration, tokenizer or initialisation changes."""

TINY_LEARNING_RATE = 3e-3
"""The best of those tried (1e-3 to 5e-3) after two epochs of 1,000 examples."""

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
    "initializer_range": 0.125,  # the root of 1 / width
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
}


_QUIET = 0.16  # which leaves BERT's usual 0.02
_SCALES = (
    (r"(word|token_type)_embeddings\.weight$", _QUIET),
    (r"position_embeddings\.weight$", 0.3 * _QUIET),
    (r"(query|key|intermediate\.dense)\.weight$", _QUIET),
    (r"layer\.\d+\.output\.dense\.weight$", _QUIET),
)


def tiny_scale(name: str) -> float:
    """Return what a freshly drawn parameter of `bert:tiny` is multiplied by.

    The path from words to the head (values, attention output, pooler, head) keeps the
    signal's size; what disturbs it (attention scores, feed-forward, places) starts
    small. So the model begins as a bag of words and learns from the first step: with
    all drawn alike, some seeds still said the majority after two epochs.
    """
    scales = (scale for pattern, scale in _SCALES if re.search(pattern, name))
    return next(scales, 1.0)
