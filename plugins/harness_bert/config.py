"""A BERT checkpoint's configuration, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import CheckpointError, Head

ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish")
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

    def head(self, outputs: int) -> Head:
        """Return the head that a classifier layer with so many outputs is.

        Raises:
            CheckpointError: the configuration declares another number of labels.
        """
        if self.problem_type == "regression" or (
            self.problem_type is None and outputs == 1
        ):
            if outputs != 1:
                raise CheckpointError(
                    f"the checkpoint's regression head has {outputs} outputs, expected "
                    "1: only single values are supported"
                )
            return Head(kind="regress")
        labels = self.labels or tuple(f"LABEL_{index}" for index in range(outputs))
        if len(set(labels)) != outputs:
            raise CheckpointError(
                f"config.json has {len(set(labels))} different labels in id2label "
                f"({', '.join(labels)}), the trained head has {outputs} outputs: correct "
                "id2label"
            )
        return Head(kind="classify", labels=labels)


def read_config(raw: Mapping[str, Any], origin: Path) -> BertConfig:
    """Check a config.json and take what the model uses.

    Args:
        raw: the file's object.
        origin: the file, for messages.

    Raises:
        CheckpointError: a value is not what this model can be built from.
    """
    checked: dict[str, Any] = {
        **{key: _size(raw, key, default, origin) for key, default in _SIZES.items()},
        **{key: _number(raw, key, value, origin) for key, value in _NUMBERS.items()},
    }
    classifier = raw.get("classifier_dropout")
    config = BertConfig(
        **checked,
        hidden_act=str(raw.get("hidden_act", "gelu")),
        classifier_dropout=None
        if classifier is None
        else _number(raw, "classifier_dropout", 0.0, origin),
        problem_type=raw.get("problem_type"),
        labels=_labels(raw, origin),
        raw=dict(raw),
    )
    _check(config, origin)
    return config


def _check(config: BertConfig, origin: Path) -> None:
    raw = config.raw
    rules = [
        _one_of("model_type", raw.get("model_type"), ("bert",)),
        _one_of("hidden_act", config.hidden_act, ACTIVATIONS),
        _one_of("problem_type", config.problem_type, _PROBLEMS),
        _one_of(
            "position_embedding_type",
            raw.get("position_embedding_type", "absolute"),
            ("absolute",),
        ),
        _one_of("is_decoder", raw.get("is_decoder", False), (False,)),
        _one_of("quantization_config", raw.get("quantization_config"), (None,)),
    ]
    if config.hidden_size % config.num_attention_heads:
        rules.append(
            f"hidden_size {config.hidden_size} is no multiple of num_attention_heads "
            f"{config.num_attention_heads}"
        )
    if config.type_vocab_size < 2:
        rules.append(f"type_vocab_size {config.type_vocab_size}, expected 2 or more")
    broken = [rule for rule in rules if rule]
    if broken:
        raise CheckpointError(
            f"{origin} can't be built as a BERT encoder: {'; '.join(broken)}: use a "
            "checkpoint of this kind, or another adapter"
        )


def _one_of(key: str, value: object, allowed: tuple[object, ...]) -> str:
    if value in allowed:
        return ""
    return f"{key} is {value!r}, expected {' or '.join(map(repr, allowed))}"


def _size(raw: Mapping[str, Any], key: str, default: int, origin: Path) -> int:
    value = raw.get(key, default)
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise CheckpointError(
        f"{origin} has {key} {value!r}, expected a positive whole number: correct it"
    )


def _number(raw: Mapping[str, Any], key: str, default: float, origin: Path) -> float:
    value = raw.get(key, default)
    if isinstance(value, int | float) and 0 <= value <= 1:
        return float(value)
    raise CheckpointError(
        f"{origin} has {key} {value!r}, expected a number from 0 to 1: correct it"
    )


def _labels(raw: Mapping[str, Any], origin: Path) -> tuple[str, ...]:
    names = raw.get("id2label") or {}
    try:
        return tuple(str(names[str(index)]) for index in range(len(names)))
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{origin} has id2label {names!r}, expected names under '0', '1', ...: "
            "correct it"
        ) from error
