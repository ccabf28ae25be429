"""The built-in `t5:tiny`: a small random encoder-decoder over bytes, and no file at all.

It exists so that everything can be tried in seconds, offline: its encoder learns the
built-in sample tasks from scratch. Its weights are drawn from the load settings' seed.
"""

from __future__ import annotations

from typing import Any

TINY = "tiny"
TINY_REVISION = 1
"""Raised whenever the configuration, tokenizer or initialisation changes."""

TINY_LEARNING_RATE = 4e-3
"""The best of those tried (1e-3 to 8e-3) after two epochs of 1,000 examples."""

TINY_NEIGHBOURS = (1, 2, 3, 17)
"""The bucket of distances that each head of the encoder starts out looking at: the
byte before, the two before that, and the byte behind."""

TINY_PULL = 5.0
"""How much it prefers them. A byte alone means little: without this the model begins as
a bag of bytes, and after two epochs five sample tasks score 7 points less."""

TINY_CONFIG: dict[str, Any] = {
    "architectures": ["T5ForConditionalGeneration"],
    "model_type": "t5",
    "is_encoder_decoder": True,
    "vocab_size": 260,  # what `harness_torch.tokenizers.byte_level` has
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 128,
    "num_layers": 2,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "feed_forward_proj": "gated-gelu",
    "tie_word_embeddings": True,
    "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128,
    "dropout_rate": 0.1,
    "layer_norm_epsilon": 1e-6,
    "initializer_factor": 1.0,
    "decoder_start_token_id": 0,
    "pad_token_id": 0,
    "eos_token_id": 1,
}
