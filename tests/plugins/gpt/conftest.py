"""Random tiny decoders of every architecture, ours and those of transformers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor, nn

from harness import LoadSettings, ModelName
from harness_gpt.adapter import GptAdapter
from harness_gpt.config import read_config
from harness_gpt.gpt2 import Gpt2
from harness_gpt.gpt2_config import Gpt2Config
from harness_gpt.llama import Llama
from harness_gpt.names import is_transposed, parameter_names
from harness_gpt.plugin import load
from harness_torch.cache import PackedAttention
from harness_torch.packed import pack
from harness_torch.tokenizers.byte_level import (
    BOS,
    BYTE_VOCABULARY,
    EOS,
    PAD,
    byte_tokenizer,
)

CPU = torch.device("cpu")
SPECIAL = {"bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD}
GPT2 = {
    "vocab_size": BYTE_VOCABULARY,
    "n_embd": 24,
    "n_layer": 3,
    "n_head": 4,
    "n_positions": 64,
}
LLAMA = {
    "vocab_size": BYTE_VOCABULARY,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}


def rope(kind: str, **more: float) -> dict[str, Any]:
    """Return settings under which a few tokens differ much."""
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 500.0, **more}}


STRETCHED = {"factor": 4.0, "original_max_position_embeddings": 16}
CASES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("GPT2", GPT2),
    "gpt2-options": (
        "GPT2",
        GPT2
        | {
            "n_inner": 17,
            "n_head": 3,
            "activation_function": "relu",
            "scale_attn_by_inverse_layer_idx": True,
            "tie_word_embeddings": False,
        },
    ),
    "gpt2-unscaled": ("GPT2", GPT2 | {"scale_attn_weights": False}),
    "llama": ("Llama", LLAMA),
    "llama-biases": (
        "Llama",
        LLAMA | {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True},
    ),
    "llama-one-key-head": ("Llama", LLAMA | {"num_key_value_heads": 1, "head_dim": 10}),
    "llama-linear": ("Llama", LLAMA | rope("linear", factor=4.0)),
    "llama-dynamic": ("Llama", LLAMA | rope("dynamic", factor=4.0)),
    "llama-llama3": (
        "Llama",
        LLAMA
        | {"head_dim": 16}
        | rope("llama3", low_freq_factor=1.0, high_freq_factor=4.0, **STRETCHED),
    ),
    "llama-yarn": ("Llama", LLAMA | {"head_dim": 16} | rope("yarn", **STRETCHED)),
    "mistral": ("Mistral", LLAMA | {"sliding_window": 5}),
    "qwen2": (
        "Qwen2",
        LLAMA
        | {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    ),
    "qwen3": ("Qwen3", LLAMA | {"head_dim": 16, "tie_word_embeddings": True}),
}
ARCHITECTURES = ("gpt2", "llama-biases", "mistral", "qwen2", "qwen3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """The same random weights in transformers' model and in ours."""

    theirs: Any
    ours: Gpt2 | Llama

    def hidden(self, rows: list[list[int]]) -> list[Tensor]:
        """Return our last hidden states of each row."""
        packed = pack(rows, device=CPU, is_causal=True)
        hidden = self.ours(packed.ids, packed.positions, PackedAttention(packed))
        return list(torch.split(hidden, [len(row) for row in rows]))

    def padded(
        self, rows: list[list[int]], *, on_left: bool
    ) -> list[dict[str, Tensor]]:
        """Return their last hidden states and logits of each row, padded together."""
        longest = max(len(row) for row in rows)
        ids, mask = torch.zeros(2, len(rows), longest, dtype=torch.long)
        for place, row in enumerate(rows):
            span = slice(longest - len(row), None) if on_left else slice(len(row))
            ids[place, span] = torch.tensor(row)
            mask[place, span] = 1
        places = (mask.cumsum(1) - 1).clamp(min=0)
        told = self.theirs(
            input_ids=ids,
            attention_mask=mask,
            position_ids=places,
            output_hidden_states=True,
        )
        real = mask.bool()
        return [
            {
                "hidden": told.hidden_states[-1][i][real[i]],
                "logits": told.logits[i][real[i]],
            }
            for i in range(len(rows))
        ]


def perturb(model: nn.Module, noise: float) -> None:
    """Move every parameter, so that none can be left out unseen."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * noise)


def wide_norm(norm: Any, hidden: Tensor) -> Tensor:
    """Normalise in the states' own precision: the reference rounds to fp32 on the way."""
    scale = torch.rsqrt(hidden.square().mean(-1, keepdim=True) + norm.variance_epsilon)
    normed: Tensor = norm.weight * (hidden * scale)
    return normed


def reference(
    family: str, settings: Mapping[str, Any], kind: str = "", *, noise: float = 0.1
) -> Any:
    """Make a random model of transformers."""
    kind = kind or ("LMHeadModel" if family == "GPT2" else "ForCausalLM")
    config = getattr(transformers, f"{family}Config")(**SPECIAL, **settings)
    torch.manual_seed(0)
    model = getattr(transformers, family + kind)(config).eval()
    perturb(model, noise)
    return model


def make_twins(
    family: str,
    settings: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
    *,
    noise: float = 0.1,
) -> Twins:
    """Make a random model of transformers and ours with its weights."""
    theirs = reference(family, settings, noise=noise).to(dtype)
    if dtype == torch.float64:
        for part in theirs.modules():
            if type(part).__name__.endswith("RMSNorm"):
                part.forward = partial(wide_norm, part)
    raw = json.loads(theirs.config.to_json_string(use_diff=False))
    config = read_config(raw, Path("config.json"))
    make = Gpt2 if isinstance(config, Gpt2Config) else Llama
    ours = make(config).to(dtype).eval()  # type: ignore[arg-type] # of its own kind
    weights = theirs.state_dict()
    names = parameter_names(weights, config)
    ours.load_state_dict(
        {
            own: weights[name].t() if is_transposed(own, config) else weights[name]
            for name, own in names.items()
        }
    )
    return Twins(theirs=theirs, ours=ours)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Return each architecture and option, one after another."""
    return CASES[request.param]


@pytest.fixture(scope="session")
def twins() -> Callable[..., Twins]:
    """Return what makes a pair of models."""
    return make_twins


@pytest.fixture
def cases() -> Mapping[str, tuple[str, dict[str, Any]]]:
    """Return all architectures and options by name."""
    return CASES


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Return each architecture once."""
    return CASES[request.param]


def save(folder: Path, family: str, settings: Mapping[str, Any], kind: str = "") -> Any:
    """Save a random model of transformers with a tokenizer of bytes; return it."""
    model = reference(family, settings, kind)
    model.save_pretrained(folder)
    for name, content in byte_tokenizer(length=64, bos=True, eos=False).files.items():
        (folder / name).write_bytes(content)
    return model


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Any]:
    """Return what saves a random model into `tmp_path`."""
    return partial(save, tmp_path)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., GptAdapter]:
    """Return what loads the checkpoint in `tmp_path`, with options."""

    def opened(settings: LoadSettings | None = None, **options: str) -> GptAdapter:
        name = ModelName(adapter="gpt", checkpoint=str(tmp_path), options=options)
        return load(name, settings or LoadSettings())

    return opened
