"""The configuration of a Llama-style checkpoint, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_gpt.rope import Rope, read_rope
from harness_torch.config import (
    ACTIVATIONS,
    differs,
    read_flag,
    read_labels,
    read_number,
    read_size,
    refuse,
)

LLAMA_TYPES = ("llama", "mistral", "qwen2", "qwen3")
_SIZES = {  # Hugging Face's defaults, which its config.json files may leave out
    "vocab_size": {"llama": 32000, "mistral": 32000, "qwen2": 151936, "qwen3": 151936},
    "hidden_size": dict.fromkeys(LLAMA_TYPES, 4096),
    "intermediate_size": {
        "llama": 11008,
        "mistral": 14336,
        "qwen2": 22016,
        "qwen3": 22016,
    },
    "num_hidden_layers": dict.fromkeys(LLAMA_TYPES, 32),
    "num_attention_heads": dict.fromkeys(LLAMA_TYPES, 32),
    "max_position_embeddings": {
        "llama": 2048,
        "mistral": 131072,
        "qwen2": 32768,
        "qwen3": 32768,
    },
}
_KEY_HEADS = {"mistral": 8, "qwen2": 32, "qwen3": 32}  # llama: one for each head
_FLAGS = ("attention_bias", "mlp_bias", "tie_word_embeddings")
_WINDOW = 4096
_FULL_LAYERS = 28  # qwen's max_window_layers
_LAYER_TYPES = ("full_attention", "sliding_attention")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaConfig:
    """The fields of config.json that our model uses, under its names.

    Attributes:
        has_head_norms: whether queries and keys are normalised head by head.
        has_query_bias: whether the projections to queries, keys and values have biases.
        has_output_bias: whether attention's output projection has one.
        windows: how many places each layer's tokens see, None for all.
        labels: names from ``id2label``, empty where the file has none.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int
    rms_norm_eps: float
    attention_dropout: float
    initializer_range: float
    hidden_act: str
    rope: Rope
    has_head_norms: bool
    has_query_bias: bool
    has_output_bias: bool
    mlp_bias: bool
    windows: tuple[int | None, ...]
    tie_word_embeddings: bool
    pad_token_id: int | None
    problem_type: str | None
    labels: tuple[str, ...] = ()

    @property
    def longest(self) -> int:
        """The longest input in tokens."""
        return self.max_position_embeddings

    @property
    def width(self) -> int:
        """The size of a hidden state."""
        return self.hidden_size


def read_llama(raw: Mapping[str, Any], origin: Path) -> LlamaConfig:
    """Check the config.json of a Llama-style model and take what the model uses.

    Raises:
        CheckpointError: a value is not what this model can be built from.
    """
    kind = str(raw["model_type"])
    sizes = {k: read_size(raw, k, origin, default=v[kind]) for k, v in _SIZES.items()}
    heads = sizes["num_attention_heads"]
    head_dim = 128 if kind == "qwen3" else max(1, sizes["hidden_size"] // heads)
    flags = {key: read_flag(raw, key, origin, default=False) for key in _FLAGS}
    has_bias = kind != "mistral" and flags["attention_bias"]
    checked: dict[str, Any] = dict(sizes)
    config = LlamaConfig(
        **checked,
        num_key_value_heads=_key_heads(raw, kind, heads, origin),
        head_dim=read_size(raw, "head_dim", origin, default=head_dim),
        rms_norm_eps=read_number(raw, "rms_norm_eps", origin, default=1e-6),
        attention_dropout=read_number(raw, "attention_dropout", origin, default=0.0),
        initializer_range=read_number(raw, "initializer_range", origin, default=0.02),
        hidden_act=str(raw.get("hidden_act", "silu")),
        rope=read_rope(raw, origin, length=sizes["max_position_embeddings"]),
        has_head_norms=kind == "qwen3",
        has_query_bias=kind == "qwen2" or has_bias,
        has_output_bias=kind != "qwen2" and has_bias,
        mlp_bias=kind == "llama" and flags["mlp_bias"],
        windows=_windows(raw, kind, sizes["num_hidden_layers"], origin),
        tie_word_embeddings=flags["tie_word_embeddings"],
        pad_token_id=raw.get("pad_token_id"),
        problem_type=raw.get("problem_type"),
        labels=read_labels(raw, origin),
    )
    _check(config, raw, origin)
    return config


def _key_heads(raw: Mapping[str, Any], kind: str, heads: int, origin: Path) -> int:
    default = heads
    if "num_key_value_heads" not in raw:
        default = _KEY_HEADS.get(kind, heads)
    return read_size(raw, "num_key_value_heads", origin, default=default)


def _windows(
    raw: Mapping[str, Any], kind: str, layers: int, origin: Path
) -> tuple[int | None, ...]:
    told = read_flag(raw, "use_sliding_window", origin, default=False)
    is_used = kind == "mistral" or told
    if kind == "llama" or not is_used or raw.get("sliding_window", _WINDOW) is None:
        return (None,) * layers
    window = read_size(raw, "sliding_window", origin, default=_WINDOW)
    if kind == "mistral":
        return (window,) * layers
    first = raw.get("max_window_layers", _FULL_LAYERS)
    usual = [_LAYER_TYPES[layer >= first] for layer in range(layers)]
    types = raw.get("layer_types") or usual
    rules = [differs("layer_types", one, *_LAYER_TYPES) for one in types]
    if len(types) != layers:
        rules.append(f"layer_types has {len(types)} entries, expected {layers}")
    refuse(rules, "a Llama-style decoder", origin)
    return tuple(None if one == _LAYER_TYPES[0] else window for one in types)


def _check(config: LlamaConfig, raw: Mapping[str, Any], origin: Path) -> None:
    heads, key_heads = config.num_attention_heads, config.num_key_value_heads
    rules = [
        differs("hidden_act", config.hidden_act, *ACTIVATIONS),
        differs("quantization_config", raw.get("quantization_config"), None),
        differs(
            "problem_type",
            config.problem_type,
            *(None, "single_label_classification", "regression"),
        ),
    ]
    if heads % key_heads:
        rules.append(
            f"num_attention_heads {heads} is no multiple of num_key_value_heads "
            f"{key_heads}"
        )
    if config.head_dim % 2:
        rules.append(f"head_dim is {config.head_dim}, expected an even number")
    refuse(rules, "a Llama-style decoder", origin)
