"""A checkpoint's configuration, checked, under BERT's names whatever its family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness_bert.families import FAMILIES, Family
from harness_torch.config import (
    ACTIVATIONS,
    check_type,
    differs,
    read_flag,
    read_labels,
    read_number,
    read_size,
    refuse,
)

_PROBLEMS = (None, "single_label_classification", "regression")
_DISTILBERT_EPS = 1e-12  # written into its code, not into config.json


@dataclass(frozen=True, slots=True, kw_only=True)
class BertConfig:
    """The fields of config.json that our models use.

    Attributes:
        family: the architecture's row in the table.
        embedding_size: width of the word vectors, `hidden_size` but in ALBERT.
        num_hidden_groups: ALBERT's groups of layers that share their weights.
        inner_group_num: layers in such a group.
        type_vocab_size: segments that can be told apart, 0 where there are none.
        pad_token_id: RoBERTa counts positions from here, and not over such tokens.
        classifier_dropout: what is dropped before a classifier.
        qa_dropout: what is dropped before a span head.
        is_tied: whether the masked-language head maps to words with their vectors.
        labels: names from ``id2label``, empty where the file has none.
        architectures: the class names that the file mentions.
        raw: the whole file, written back when a checkpoint is saved.
    """

    family: Family
    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    embedding_size: int
    num_hidden_groups: int = 1
    inner_group_num: int = 1
    type_vocab_size: int = 0
    pad_token_id: int = 0
    hidden_dropout_prob: float
    attention_probs_dropout_prob: float
    initializer_range: float
    layer_norm_eps: float = _DISTILBERT_EPS
    hidden_act: str
    classifier_dropout: float
    qa_dropout: float = 0.0
    is_tied: bool
    problem_type: str | None
    labels: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """How many tokens have a position."""
        before = 0 if self.family.pad is None else self.pad_token_id + 1
        return self.max_position_embeddings - before


def read_config(raw: Mapping[str, Any], origin: Path) -> BertConfig:
    """Check a config.json and take what the model uses.

    Args:
        raw: the file's object.
        origin: the file, for messages.

    Raises:
        CheckpointError: a value is not what this model can be built from.
    """
    family = FAMILIES[check_type(raw, origin, "bert")]
    keys = family.keys
    sizes = {
        ours: read_size(raw, keys.get(ours, ours), origin, default=value)
        for ours, value in family.sizes.items()
    }
    numbers = {
        ours: read_number(raw, keys.get(ours, ours), origin, default=value)
        for ours, value in family.numbers.items()
    }
    checked: dict[str, Any] = {
        "embedding_size": sizes["hidden_size"],
        **sizes,
        **numbers,
        "classifier_dropout": _head_dropout(raw, family, numbers, origin),
    }
    config = BertConfig(
        **checked,
        family=family,
        pad_token_id=_pad(raw, family, origin),
        hidden_act=str(
            raw.get(keys.get("hidden_act", "hidden_act"), family.activation)
        ),
        is_tied=read_flag(raw, "tie_word_embeddings", origin, default=True),
        problem_type=raw.get("problem_type"),
        labels=read_labels(raw, origin),
        architectures=tuple(map(str, raw.get("architectures") or ())),
        raw=dict(raw),
    )
    _check(config, origin)
    return config


def _head_dropout(
    raw: Mapping[str, Any],
    family: Family,
    numbers: Mapping[str, float],
    origin: Path,
) -> float:
    key, default = family.dropout
    default = numbers["hidden_dropout_prob"] if default is None else default
    if raw.get(key) is None:
        return default
    return read_number(raw, key, origin, default=default)


def _pad(raw: Mapping[str, Any], family: Family, origin: Path) -> int:
    """Return the padding token where positions depend on it, 0 elsewhere."""
    if family.pad is None or raw.get("pad_token_id") == 0:
        return 0
    return read_size(raw, "pad_token_id", origin, default=family.pad)


def _check(config: BertConfig, origin: Path) -> None:
    raw = config.raw
    rules = [
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
    if config.type_vocab_size < config.family.fewest_segments:
        rules.append(
            f"type_vocab_size {config.type_vocab_size}, expected "
            f"{config.family.fewest_segments} or more"
        )
    if config.num_hidden_groups > config.num_hidden_layers:
        rules.append(
            f"num_hidden_groups {config.num_hidden_groups} is more than "
            f"num_hidden_layers {config.num_hidden_layers}"
        )
    if config.longest < 1:
        rules.append(
            f"max_position_embeddings {config.max_position_embeddings} leaves no "
            f"position after pad_token_id {config.pad_token_id}"
        )
    refuse(rules, "an encoder of the BERT family", origin)
