"""A T5 checkpoint's configuration, checked. Light: no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import CheckpointError
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

_SIZES = {  # Hugging Face's defaults, which its config.json files may leave out
    "t5": {
        "vocab_size": 32128,
        "d_model": 512,
        "d_kv": 64,
        "d_ff": 2048,
        "num_layers": 6,
        "num_heads": 8,
        "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128,
    },
    "mt5": {
        "vocab_size": 250112,
        "d_model": 512,
        "d_kv": 64,
        "d_ff": 1024,
        "num_layers": 8,
        "num_heads": 6,
        "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128,
    },
}
_FEED_FORWARD = {"t5": "relu", "mt5": "gated-gelu"}
_PROBLEMS = (None, "single_label_classification", "regression")
_GATED = "gated-"


@dataclass(frozen=True, slots=True, kw_only=True)
class T5Config:
    """The fields of config.json that our model uses, under its names.

    Attributes:
        num_layers: blocks of the encoder.
        num_decoder_layers: blocks of the decoder.
        d_kv: the size of a head, apart from width over heads.
        activation: of the feed-forward layers.
        is_gated: whether they have a second, linear projection (T5 1.1, FLAN-T5, mT5).
        scales_output: whether the decoder's output is multiplied by ``d_model**-0.5``
            (the first T5, which ties its output to the embeddings).
        start_token_id: what the decoder begins with.
        end_token_ids: what ends a text that it writes.
        labels: names from ``id2label``, empty where the file has none.
    """

    vocab_size: int
    d_model: int
    d_kv: int
    d_ff: int
    num_layers: int
    num_decoder_layers: int
    num_heads: int
    relative_attention_num_buckets: int
    relative_attention_max_distance: int
    dropout_rate: float
    classifier_dropout: float
    layer_norm_epsilon: float
    activation: str
    is_gated: bool
    scales_output: bool
    start_token_id: int
    end_token_ids: frozenset[int]
    problem_type: str | None
    labels: tuple[str, ...] = ()


def read_config(
    raw: Mapping[str, Any], origin: Path, generation: Mapping[str, Any] | None = None
) -> T5Config:
    """Check a config.json and take what the model uses.

    Args:
        raw: the file's object.
        origin: the file, for messages.
        generation: the object of generation_config.json, which goes before.

    Raises:
        CheckpointError: a value is not what this model can be built from.
    """
    kind = check_type(raw, origin, "t5")
    told = {**raw, **{k: v for k, v in (generation or {}).items() if v is not None}}
    sizes = {k: read_size(raw, k, origin, default=v) for k, v in _SIZES[kind].items()}
    checked: dict[str, Any] = dict(sizes)
    feed_forward = str(raw.get("feed_forward_proj") or _FEED_FORWARD[kind])
    config = T5Config(
        **checked,
        num_decoder_layers=read_size(
            raw, "num_decoder_layers", origin, default=sizes["num_layers"]
        ),
        dropout_rate=read_number(raw, "dropout_rate", origin, default=0.1),
        classifier_dropout=read_number(raw, "classifier_dropout", origin, default=0.0),
        layer_norm_epsilon=read_number(raw, "layer_norm_epsilon", origin, default=1e-6),
        activation=_activation(feed_forward),
        is_gated=feed_forward.startswith(_GATED),
        scales_output=kind == "t5" and _scales(raw, origin),
        start_token_id=_start(told, origin),
        end_token_ids=_ends(told, origin),
        problem_type=raw.get("problem_type"),
        labels=read_labels(raw, origin),
    )
    _check(config, raw, feed_forward, origin)
    return config


def _activation(feed_forward: str) -> str:
    # transformers takes "gated-gelu" for the tanh approximation, as T5 1.1 was trained
    name = feed_forward.removeprefix(_GATED)
    return "gelu_new" if feed_forward == "gated-gelu" else name


def _scales(raw: Mapping[str, Any], origin: Path) -> bool:
    """Tell whether the output is scaled.

    Checkpoints before transformers 5 say so by ``tie_word_embeddings`` (false in T5
    1.1); version 5 ties always and writes ``scale_decoder_outputs``.
    """
    tied = read_flag(raw, "tie_word_embeddings", origin, default=True)
    return read_flag(raw, "scale_decoder_outputs", origin, default=tied)


def _start(told: Mapping[str, Any], origin: Path) -> int:
    for key in ("decoder_start_token_id", "pad_token_id"):
        if told.get(key) is not None:
            return _token(told[key], key, origin)
    return 0


def _ends(told: Mapping[str, Any], origin: Path) -> frozenset[int]:
    ends = told.get("eos_token_id", 1)
    several = ends if isinstance(ends, list) else [1 if ends is None else ends]
    return frozenset(_token(end, "eos_token_id", origin) for end in several)


def _token(value: object, key: str, origin: Path) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise CheckpointError(
        f"{origin} has {key} {value!r}, expected a token id (0 or more): correct it"
    )


def _check(
    config: T5Config, raw: Mapping[str, Any], feed_forward: str, origin: Path
) -> None:
    accepted = [*ACTIVATIONS, *(_GATED + name for name in ACTIVATIONS)]
    buckets = config.relative_attention_num_buckets
    reach = config.relative_attention_max_distance
    rules = [
        differs("feed_forward_proj", feed_forward, *accepted),
        differs("problem_type", config.problem_type, *_PROBLEMS),
        differs("quantization_config", raw.get("quantization_config"), None),
    ]
    if buckets < 4 or buckets % 2 or reach <= buckets // 2:
        rules.append(
            f"relative_attention_num_buckets is {buckets} and "
            f"relative_attention_max_distance {reach}, expected an even number from 4 "
            "and more than half of it"
        )
    for token in (config.start_token_id, *sorted(config.end_token_ids)):
        if token >= config.vocab_size:
            rules.append(
                f"token id {token} of the decoder's start or end is outside "
                f"vocab_size {config.vocab_size}"
            )
    refuse(rules, "a T5", origin)
