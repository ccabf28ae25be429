"""The built-in `gpt:tiny`: a small decoder with random weights, and no file at all.

It exists so that everything can be tried in seconds, offline: it learns the built-in
sample tasks from scratch. Its tokens are bytes; its weights are drawn from the load
settings' seed. The first layer sees five bytes, the second the whole text, so it begins
as a bag of letter groups, whose size the initialisation keeps from layer to layer.
"""

from __future__ import annotations

from typing import Any

TINY = "tiny"
TINY_REVISION = 1
"""Raised whenever the configuration, tokenizer or initialisation changes."""

TINY_LEARNING_RATE = 5e-3
"""The best of those tried (2e-3 to 5e-3) after two epochs of 1,000 examples."""

TINY_CONFIG: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "vocab_size": 260,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    "use_sliding_window": True,
    "sliding_window": 5,
    "layer_types": ["sliding_attention", "full_attention"],
    "hidden_act": "silu",
    "initializer_range": 0.125,  # the root of 1 / width
    "tie_word_embeddings": False,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
}


def tiny_std(name: str, width_in: int) -> float:
    """Return the spread of a freshly drawn matrix, by which signals keep their size.

    Args:
        name: the parameter's name.
        width_in: what the matrix maps from.
    """
    return 1.0 if "embed_tokens" in name else float(width_in**-0.5)
