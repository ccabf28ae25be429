"""Encoders from scratch: a tokenizer of the text, and random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from harness_bert.config import read_config
from harness_bert.families import FAMILIES
from harness_bert.model import initialise
from harness_bert.modules import build_module
from harness_bert.new_settings import NewBert
from harness_bert.parts import MASKED, Parts
from harness_torch.checkpoint import save_checkpoint
from harness_torch.tokenizers.training import Frame, NewTokenizer, train_tokenizer

_ROLES = ("pad", "unk", "cls", "sep", "mask")
_FRAME = Frame(
    tokens={role: f"[{role.upper()}]" for role in _ROLES},
    single="[CLS] $A [SEP]",
    pair="[CLS] $A [SEP] $B:1 [SEP]:1",
)


def write_new(sizes: NewBert, texts: Sequence[str], seed: int, folder: Path) -> None:
    """Write an encoder that has learnt nothing, with its masked-language head."""
    tokenizer = train_tokenizer(texts, sizes, _FRAME)
    raw = _config(sizes, tokenizer)
    config = read_config(raw, folder / "config.json")
    module = build_module(config, Parts(has_words=True))
    generator = torch.Generator().manual_seed(seed)
    initialise(module, std=config.initializer_range, generator=generator)
    save_checkpoint(folder, module=module, config=raw, files=tokenizer.files)


def _config(sizes: NewBert, tokenizer: NewTokenizer) -> dict[str, Any]:
    family = FAMILIES[sizes.architecture]
    named = {
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.feed_forward,
        "hidden_act": "gelu",
        "initializer_range": sizes.spread,
    }
    before = 0 if family.pad is None else tokenizer.ids["pad"] + 1
    return {
        "architectures": [family.title + MASKED],
        "model_type": sizes.architecture,
        "vocab_size": tokenizer.size,
        "max_position_embeddings": sizes.length + before,
        **{family.keys.get(name, name): value for name, value in named.items()},
        **({"type_vocab_size": 2} if family.fewest_segments else {}),
        "pad_token_id": tokenizer.ids["pad"],
        "dtype": "float32",
    }
