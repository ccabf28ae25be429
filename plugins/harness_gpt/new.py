"""Decoders from scratch: a tokenizer of the text, and random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from harness_gpt.adapter import make_decoder
from harness_gpt.config import read_config
from harness_gpt.gpt2 import initialise
from harness_gpt.names import is_transposed
from harness_gpt.new_settings import NewGpt
from harness_torch.checkpoint import save_checkpoint
from harness_torch.tokenizers.training import Frame, NewTokenizer, train_tokenizer

_END = "<|endoftext|>"
_FRAME = Frame(
    tokens={"bos": _END, "eos": _END, "unk": _END}, single="$A", pair="$A $B:1"
)


def write_new(sizes: NewGpt, texts: Sequence[str], seed: int, folder: Path) -> None:
    """Write a decoder that has learnt nothing."""
    tokenizer = train_tokenizer(texts, sizes, _FRAME)
    raw = _config(sizes, tokenizer)
    config = read_config(raw, folder / "config.json")
    module = make_decoder(config)
    generator = torch.Generator().manual_seed(seed)
    initialise(module, std=config.initializer_range, generator=generator)

    def stored(name: str, tensor: Tensor) -> Tensor:
        return tensor.t() if is_transposed(name, config) else tensor

    save_checkpoint(
        folder, module=module, config=raw, files=tokenizer.files, stored=stored
    )


def _config(sizes: NewGpt, tokenizer: NewTokenizer) -> dict[str, Any]:
    end = tokenizer.ids["eos"]
    common = {
        "vocab_size": tokenizer.size,
        "bos_token_id": end,
        "eos_token_id": end,
        "initializer_range": sizes.spread,
        "tie_word_embeddings": True,
        "dtype": "float32",
    }
    if sizes.architecture == "gpt2":
        return common | {
            "architectures": ["GPT2LMHeadModel"],
            "model_type": "gpt2",
            "n_positions": sizes.length,
            "n_embd": sizes.width,
            "n_layer": sizes.layers,
            "n_head": sizes.heads,
            "n_inner": sizes.feed_forward,
        }
    return common | {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "max_position_embeddings": sizes.length,
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.heads,
        "intermediate_size": sizes.feed_forward,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    }
