"""A BERT checkpoint's configuration, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness_torch.config import (
    ACTIVATIONS,
    differs,
    read_labels,
    read_number,
    read_size,
    refuse,
)

_SIZES = {  # Hugging Face's defaults, which its config.json files may leave out
    "vocab_size": 30522,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
}
_NUMBERS = {
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
}
_PROBLEMS = (None, "single_label_classification", "regression")


@dataclass(frozen=True, slots=True, kw_only=True)
class BertConfig:
    """The fields of config.json that our model uses, under its names.

    Attributes:
        labels: names from ``id2label``, empty where the file has none.
        raw: the whole file, written back when a checkpoint is saved.
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    hidden_dropout_prob: float
    attention_probs_dropout_prob: float
    initializer_range: float
    layer_norm_eps: float
    hidden_act: str
    classifier_dropout: float | None
    problem_type: str | None
    labels: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


def read_config(raw: Mapping[str, Any], origin: Path) -> BertConfig:
    """Check a config.json and take what the model uses.

    Args:
        raw: the file's object.
        origin: the file, for messages.

    Raises:
        CheckpointError: a value is not what this model can be built from.
    """
    sizes = {k: read_size(raw, k, origin, default=v) for k, v in _SIZES.items()}
    numbers = {k: read_number(raw, k, origin, default=v) for k, v in _NUMBERS.items()}
    checked: dict[str, Any] = {**sizes, **numbers}
    classifier = raw.get("classifier_dropout")
    config = BertConfig(
        **checked,
        hidden_act=str(raw.get("hidden_act", "gelu")),
        classifier_dropout=None
        if classifier is None
        else read_number(raw, "classifier_dropout", origin, default=0.0),
        problem_type=raw.get("problem_type"),
        labels=read_labels(raw, origin),
        raw=dict(raw),
    )
    _check(config, origin)
    return config


def _check(config: BertConfig, origin: Path) -> None:
    raw = config.raw
    rules = [
        differs("model_type", raw.get("model_type"), "bert"),
        differs("hidden_act", config.hidden_act, *ACTIVATIONS),
        differs("problem_type", config.problem_type, *_PROBLEMS),
        differs(
            "position_embedding_type",
            raw.get("position_embedding_type", "absolute"),
            "absolute",
        ),
        differs("is_decoder", raw.get("is_decoder", False), False),
        differs("quantization_config", raw.get("quantization_config"), None),
    ]
    if config.hidden_size % config.num_attention_heads:
        rules.append(
            f"hidden_size {config.hidden_size} is no multiple of num_attention_heads "
            f"{config.num_attention_heads}"
        )
    if config.type_vocab_size < 2:
        rules.append(f"type_vocab_size {config.type_vocab_size}, expected 2 or more")
    refuse(rules, "a BERT encoder", origin)
