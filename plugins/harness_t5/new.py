"""Encoder-decoders from scratch: a tokenizer of the text, and random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from harness_t5.config import read_config
from harness_t5.model import T5, initialise
from harness_t5.names import WRITERS
from harness_t5.new_settings import NewT5
from harness_torch.checkpoint import save_checkpoint
from harness_torch.tokenizers.training import Frame, NewTokenizer, train_tokenizer

_FRAME = Frame(
    tokens={"pad": "<pad>", "eos": "</s>", "unk": "<unk>"},
    single="$A </s>",
    pair="$A </s> $B </s>",
    behind=[f"<extra_id_{index}>" for index in range(99, -1, -1)],
)


def write_new(sizes: NewT5, texts: Sequence[str], seed: int, folder: Path) -> None:
    """Write an encoder-decoder that has learnt nothing."""
    tokenizer = train_tokenizer(texts, sizes, _FRAME)
    raw = _config(sizes, tokenizer)
    module = T5(read_config(raw, folder / "config.json"))
    generator = torch.Generator().manual_seed(seed)
    initialise(module, factor=1.0, generator=generator)
    save_checkpoint(folder, module=module, config=raw, files=tokenizer.files)


def _config(sizes: NewT5, tokenizer: NewTokenizer) -> dict[str, Any]:
    return {
        "architectures": [WRITERS["t5"]],
        "model_type": "t5",
        "is_encoder_decoder": True,
        "vocab_size": tokenizer.size,
        "d_model": sizes.width,
        "d_kv": sizes.width // sizes.heads,
        "d_ff": sizes.feed_forward,
        "num_layers": sizes.layers,
        "num_decoder_layers": sizes.layers,
        "num_heads": sizes.heads,
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": True,
        "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128,
        "dropout_rate": 0.1,
        "n_positions": sizes.length,
        "decoder_start_token_id": tokenizer.ids["pad"],
        "pad_token_id": tokenizer.ids["pad"],
        "eos_token_id": tokenizer.ids["eos"],
        "dtype": "float32",
    }
