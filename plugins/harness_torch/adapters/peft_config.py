"""What of peft's adapter_config.json can be read. Light: no torch, no peft."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import CheckpointError

METHODS = {
    "LORA": "lora",
    "PROMPT_TUNING": "prompt-tuning",
    "HARNESS_BOTTLENECK": "adapter",
    "HARNESS_HEAD": "linear-probe",
    "HARNESS_PREFIX": "prompt-tuning",
}
"""The recipe that makes adapters of each ``peft_type``; the last three are ours."""

_ANY = frozenset(
    {
        *("peft_type", "peft_version", "task_type", "base_model_name_or_path"),
        *("revision", "inference_mode", "auto_mapping", "modules_to_save"),
        *("r", "lora_alpha", "lora_dropout", "target_modules", "exclude_modules"),
        *("fan_in_fan_out", "use_rslora", "layers_to_transform", "layers_pattern"),
        *("qalora_group_size", "megatron_core", "ensure_weight_tying", "eva_config"),
        *("num_virtual_tokens", "token_dim", "num_transformer_submodules"),
        *("num_attention_heads", "num_layers", "prompt_tuning_init"),
        *("prompt_tuning_init_text", "tokenizer_name_or_path", "tokenizer_kwargs"),
        *("reduction", "activation", "reads"),
    }
)
"""Keys that are read, or that change nothing of a trained adapter."""

_ALLOWED: Mapping[str, tuple[object, ...]] = {
    "bias": ("none",),
    # Others change the base's own weights, which the adapter's file does not hold.
    "init_lora_weights": (True, False, "gaussian", "orthogonal", "eva"),
}


def check_config(config: Mapping[str, Any], origin: Path) -> None:
    """Refuse adapters that do something we don't know.

    A key that is unknown here may stand there as long as it is off (false, null, empty).

    Raises:
        CheckpointError: the kind is unknown, or a key asks for more.
    """
    kind = config.get("peft_type")
    if kind not in METHODS:
        raise CheckpointError(
            f"{origin} has peft_type {kind!r}, expected {' or '.join(METHODS)}: merge "
            "the adapter into its base model with peft and name that"
        )
    for key, value in config.items():
        if not value or key in _ANY or value in _ALLOWED.get(key, ()):
            continue
        raise CheckpointError(
            f"{origin} has {key} {value!r}, which is not read here, expected "
            f"{_expected(key)}: merge the adapter into its base model with peft and "
            "name that"
        )


def _expected(key: str) -> str:
    allowed = _ALLOWED.get(key)
    return " or ".join(map(repr, allowed)) if allowed else "nothing"
