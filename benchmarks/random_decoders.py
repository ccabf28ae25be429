"""Decoders of given sizes with random weights, and what they are asked."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.glue_lengths import numbers
from benchmarks.model_flops import Body, Read
from benchmarks.number_tokenizer import NumberTokenizer
from harness import LoadSettings, ModelName
from harness.requests import Generate, Score
from harness_gpt.adapter import GptAdapter, make_decoder
from harness_gpt.checkpoint import open_checkpoint
from harness_gpt.config import read_config
from harness_gpt.gpt2 import initialise
from harness_torch.checkpoint import save_checkpoint
from harness_torch.device import DTYPES, pick_device

_SEED = 1
_ENDLESS = {"bos_token_id": None, "eos_token_id": None}
_GPT2 = {
    **_ENDLESS,
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "n_positions": 1024,
    "tie_word_embeddings": True,
}
_LLAMA = {
    **_ENDLESS,
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "max_position_embeddings": 4096,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "rope_parameters": {"rope_type": "default", "rope_theta": 500_000.0},
    "tie_word_embeddings": True,
}
SIZES: Mapping[str, Mapping[str, Any]] = {
    "tiny-gpt2": _GPT2 | {"vocab_size": 500, "n_embd": 64, "n_layer": 2, "n_head": 4},
    "tiny-llama": _LLAMA
    | {
        "vocab_size": 500,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
    "gpt2-large": _GPT2
    | {"vocab_size": 50_257, "n_embd": 1280, "n_layer": 36, "n_head": 20},
    "llama-1b": _LLAMA
    | {
        "vocab_size": 128_256,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
    },
}
"""What config.json says: GPT-2 large of Radford et al. 2019, and the sizes of Llama 3.2
1B, both with a vocabulary of their own."""


def make_adapter(size: str, load: LoadSettings) -> GptAdapter:
    """Make a decoder of a size with random weights, on its device."""
    raw = SIZES[size]
    config = read_config(raw, Path(size))
    module = make_decoder(config)
    generator = torch.Generator().manual_seed(_SEED)
    initialise(module, std=0.02, generator=generator)
    opened = open_checkpoint(ModelName.parse("gpt:tiny"))
    return GptAdapter(
        checkpoint=replace(
            opened, config=config, raw=raw, title=size, length=config.longest
        ),
        module=module.to(pick_device(load)).eval(),
        tokenizer=NumberTokenizer(config.vocab_size),
        dtype=DTYPES[load.dtype],
    )


def save(adapter: GptAdapter, size: str, folder: Path) -> None:
    """Write a checkpoint that transformers reads."""
    save_checkpoint(
        folder,
        module=adapter.module,
        config=SIZES[size],
        files={},
        stored=adapter.stored,
    )


def body_of(size: str) -> Body:
    """Return a decoder's sizes."""
    raw = SIZES[size]
    if raw["model_type"] == "gpt2":
        width, layers = raw["n_embd"], raw["n_layer"]
        weights = 12 * width**2
    else:
        width, layers = raw["hidden_size"], raw["num_hidden_layers"]
        keys = width // raw["num_attention_heads"] * raw["num_key_value_heads"]
        weights = width * (2 * width + 2 * keys + 3 * raw["intermediate_size"])
    return Body(layers, width, weights, raw["vocab_size"])


def inner_of(size: str) -> int:
    """Return the width of a decoder's feed-forward layers."""
    raw = SIZES[size]
    return int(raw.get("intermediate_size") or 4 * raw["n_embd"])


def draw_scores(count: int, seed: int) -> list[Score]:
    """Draw contexts with four endings, about as long in tokens as HellaSwag's."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        context = numbers(draw, max(10, round(draw.gauss(75, 25))))
        endings = [numbers(draw, draw.randint(10, 42)) for _ in range(4)]
        choices = tuple(f" {ending}" for ending in endings)
        made.append(Score(context=context, choices=choices))
    return made


def read_by(requests: Sequence[Score]) -> Read:
    """Return what scoring reads: each context once, no choice's last token."""
    tokens = pairs = rows = 0
    for request in requests:
        trunk = len(request.context.split())
        branches = [len(choice.split()) - 1 for choice in request.choices]
        tokens += trunk + sum(branches)
        pairs += trunk**2 + sum(own * (trunk + own) for own in branches)
        rows += 1 + sum(branches)
    return Read(tokens, pairs, rows)


def draw_prompts(count: int, seed: int, *, written: int) -> list[Generate]:
    """Draw prompts of 16 to 64 tokens, each to be continued by so many."""
    draw = random.Random(seed)
    return [
        Generate(prompt=numbers(draw, draw.randint(16, 64)), max_tokens=written)
        for _ in range(count)
    ]
