"""What a BERT model's name stands for, known before any weights load. Light: no torch.

Names and files are read and checked here once, for the card as for the adapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness import ModelName, UsageError
from harness_bert.config import BertConfig, read_config
from harness_bert.names import parameter_names
from harness_bert.options import OPTIONS
from harness_bert.parts import Parts, find_parts
from harness_bert.shapes import parameter_shapes
from harness_bert.tiny import TINY, TINY_CONFIG, TINY_REVISION
from harness_torch.opening import (
    Checkpoint,
    check_named,
    check_options,
    check_tokenizer,
    read_choice,
    read_length,
)
from harness_torch.sentence_folder import Pooling, read_pooling
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import check_shapes, read_weights

ADAPTER_REVISION = 2
"""Raised whenever this adapter's code changes an answer."""

_LONGEST = 512
_LONGEST_WINDOW = 384
_STRIDE = 128
_POOLINGS = ("mean", "cls")


@dataclass(frozen=True, slots=True, kw_only=True)
class BertCheckpoint(Checkpoint[BertConfig]):
    """A checkpoint of the BERT family, opened but not loaded.

    Attributes:
        parts: what it has on top of its body.
        pooling: how a text's vector is made.
        window: the longest question with its part of the context, in tokens.
        stride: tokens that neighbouring windows share.
    """

    parts: Parts
    pooling: Pooling
    window: int
    stride: int


def open_checkpoint(name: ModelName) -> BertCheckpoint:
    """Find and check what a model name stands for.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint is missing or none that we can build.
    """
    check_options(name, OPTIONS)
    if name.checkpoint == TINY:
        return _open_tiny(name)
    check_named(name, "google-bert/bert-base-uncased")
    folder = find_checkpoint(name.checkpoint, revision=name.options.get("revision"))
    return _open_folder(name, folder)


def _open_tiny(name: ModelName) -> BertCheckpoint:
    config = read_config(TINY_CONFIG, Path("bert:tiny"))
    parts = Parts(has_pooler=True, has_words=True)
    pooling = Pooling(_asked_pooling(name) or "mean")
    window, stride = _windows(name, config)
    return BertCheckpoint(
        title=str(name),
        config=config,
        raw=TINY_CONFIG,
        length=_length(name, config, pooling),
        names={},
        shapes=parameter_shapes(config, parts),
        parts=parts,
        pooling=pooling,
        window=window,
        stride=stride,
        facts={
            **_facts(pooling, window, stride),
            "initialisation": f"{TINY} {TINY_REVISION}",
        },
    )


def _open_folder(name: ModelName, folder: Path) -> BertCheckpoint:
    raw = read_json(folder / "config.json")
    config = read_config(raw, folder / "config.json")
    weights = read_weights(folder)
    names = parameter_names(weights.tensors, config.family)
    check_tokenizer(folder)
    parts, head = find_parts(config, weights, names)
    shapes = parameter_shapes(config, parts)
    check_shapes(
        {ours: weights.tensors[stored].shape for stored, ours in names.items()},
        shapes,
        origin=folder,
    )
    pooling = read_pooling(folder, asked=_asked_pooling(name))
    window, stride = _windows(name, config)
    return BertCheckpoint(
        title=str(name),
        config=config,
        raw=raw,
        length=_length(name, config, pooling),
        head=head,
        folder=folder,
        weights=weights,
        names=names,
        shapes=shapes,
        parts=parts,
        pooling=pooling,
        window=window,
        stride=stride,
        facts=_facts(pooling, window, stride),
    )


def _facts(pooling: Pooling, window: int, stride: int) -> dict[str, str]:
    return {
        "adapter": f"bert {ADAPTER_REVISION}",
        "pooling": pooling.mode,
        "normalised": str(pooling.is_normalised),
        "window": str(window),
        "stride": str(stride),
    }


def _asked_pooling(name: ModelName) -> str | None:
    return (
        read_choice(name, "pooling", *_POOLINGS) if "pooling" in name.options else None
    )


def _length(name: ModelName, config: BertConfig, pooling: Pooling) -> int:
    return read_length(name, config.longest, default=pooling.length or _LONGEST)


def _windows(name: ModelName, config: BertConfig) -> tuple[int, int]:
    """Return a window's length and what neighbours share.

    Raises:
        UsageError: a window would be too short for what they share.
    """
    length = read_length(name, config.longest, default=_LONGEST_WINDOW)
    # room for the question and the special tokens, and for one new token
    longest = max(0, length - max(length // 4, 4) - 1)
    text = name.options.get("stride", str(min(_STRIDE, length // 3, longest)))
    if not text.isdecimal() or int(text) > longest:
        raise UsageError(
            f"model {str(name)!r} has stride {text!r}: expected a whole number from 0 "
            f"to {longest}, with windows of {length} tokens"
        )
    return length, int(text)
