"""A GPT-2 checkpoint's configuration, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_torch.config import (
    ACTIVATIONS,
    differs,
    read_flag,
    read_labels,
    read_number,
    read_size,
    refuse,
)

_SIZES = {  # Hugging Face's defaults, which its config.json files may leave out
    "vocab_size": 50257,
    "n_positions": 1024,
    "n_embd": 768,
    "n_layer": 12,
    "n_head": 12,
}
_NUMBERS = {
    "embd_pdrop": 0.1,
    "attn_pdrop": 0.1,
    "resid_pdrop": 0.1,
    "initializer_range": 0.02,
    "layer_norm_epsilon": 1e-5,
}
_FLAGS = {
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "tie_word_embeddings": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpt2Config:
    """The fields of config.json that our model uses, under its names.

    Attributes:
        n_inner: width of the feed-forward layer, four times `n_embd` where the file
            has none.
        labels: names from ``id2label``, empty where the file has none.
    """

    vocab_size: int
    n_positions: int
    n_embd: int
    n_layer: int
    n_head: int
    n_inner: int
    embd_pdrop: float
    attn_pdrop: float
    resid_pdrop: float
    initializer_range: float
    layer_norm_epsilon: float
    activation_function: str
    scale_attn_weights: bool
    scale_attn_by_inverse_layer_idx: bool
    tie_word_embeddings: bool
    pad_token_id: int | None
    problem_type: str | None
    labels: tuple[str, ...] = ()

    @property
    def longest(self) -> int:
        """The longest input in tokens."""
        return self.n_positions

    @property
    def width(self) -> int:
        """The size of a hidden state."""
        return self.n_embd


def read_gpt2(raw: Mapping[str, Any], origin: Path) -> Gpt2Config:
    """Check a GPT-2 config.json and take what the model uses.

    Raises:
        CheckpointError: a value is not what this model can be built from.
    """
    sizes = {k: read_size(raw, k, origin, default=v) for k, v in _SIZES.items()}
    numbers = {k: read_number(raw, k, origin, default=v) for k, v in _NUMBERS.items()}
    flags = {k: read_flag(raw, k, origin, default=v) for k, v in _FLAGS.items()}
    checked: dict[str, Any] = {**sizes, **numbers, **flags}
    config = Gpt2Config(
        **checked,
        n_inner=read_size(raw, "n_inner", origin, default=4 * sizes["n_embd"]),
        activation_function=str(raw.get("activation_function", "gelu_new")),
        pad_token_id=raw.get("pad_token_id"),
        problem_type=raw.get("problem_type"),
        labels=read_labels(raw, origin),
    )
    _check(config, raw, origin)
    return config


def _check(config: Gpt2Config, raw: Mapping[str, Any], origin: Path) -> None:
    rules = [
        differs("activation_function", config.activation_function, *ACTIVATIONS),
        differs("add_cross_attention", raw.get("add_cross_attention", False), False),
        differs("quantization_config", raw.get("quantization_config"), None),
        differs(
            "problem_type",
            config.problem_type,
            *(None, "single_label_classification", "regression"),
        ),
    ]
    if config.n_embd % config.n_head:
        rules.append(f"n_embd {config.n_embd} is no multiple of n_head {config.n_head}")
    refuse(rules, "a GPT-2 decoder", origin)
