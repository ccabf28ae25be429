"""What a BERT model's name stands for, known before any weights load. Light: no torch.

Names and files are read and checked here once, for the card as for the adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness import ModelName
from harness_bert.config import BertConfig, read_config
from harness_bert.names import HEAD_WEIGHT, POOLER, parameter_names
from harness_bert.shapes import parameter_shapes
from harness_bert.tiny import TINY, TINY_CONFIG, TINY_REVISION
from harness_torch.config import head_of
from harness_torch.opening import (
    Checkpoint,
    check_named,
    check_options,
    check_tokenizer,
    read_length,
)
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import Weights, check_shapes, read_weights

ADAPTER_REVISION = 1
"""Raised whenever this adapter's code changes an answer."""

OPTIONS = {
    "length": "the longest input in tokens (default: the model's own, at most 512)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
}
_LONGEST = 512
_FACTS = {"adapter": f"bert {ADAPTER_REVISION}"}

BertCheckpoint = Checkpoint[BertConfig]


def open_checkpoint(name: ModelName) -> BertCheckpoint:
    """Find and check what a model name stands for.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint is missing or no BERT that we can build.
    """
    check_options(name, OPTIONS)
    if name.checkpoint == TINY:
        config = read_config(TINY_CONFIG, Path("bert:tiny"))
        return Checkpoint(
            title=str(name),
            config=config,
            raw=TINY_CONFIG,
            length=_length(name, config),
            names={},
            shapes=parameter_shapes(config),
            facts={**_FACTS, "initialisation": f"{TINY} {TINY_REVISION}"},
        )
    check_named(name, "google-bert/bert-base-uncased")
    folder = find_checkpoint(name.checkpoint, revision=name.options.get("revision"))
    return _open_folder(name, folder)


def has_pooler(checkpoint: BertCheckpoint) -> bool:
    """Tell whether a checkpoint's weights hold the pooler."""
    return POOLER.issubset(checkpoint.names.values())


def _open_folder(name: ModelName, folder: Path) -> BertCheckpoint:
    raw = read_json(folder / "config.json")
    config = read_config(raw, folder / "config.json")
    weights = read_weights(folder)
    names = parameter_names(weights.tensors)
    check_tokenizer(folder)
    outputs = _outputs(weights, names)
    shapes = parameter_shapes(config, outputs)
    check_shapes(
        {ours: weights.tensors[stored].shape for stored, ours in names.items()},
        shapes,
        origin=folder,
        may_lack=POOLER if outputs is None else frozenset(),
    )
    return Checkpoint(
        title=str(name),
        config=config,
        raw=raw,
        length=_length(name, config),
        head=head_of(config.problem_type, config.labels, outputs) if outputs else None,
        folder=folder,
        weights=weights,
        names=names,
        shapes=shapes,
        facts=_FACTS,
    )


def _outputs(weights: Weights, names: Mapping[str, str]) -> int | None:
    for stored, ours in names.items():
        shape = weights.tensors[stored].shape
        if ours == HEAD_WEIGHT and shape:
            return shape[0]
    return None


def _length(name: ModelName, config: BertConfig) -> int:
    return read_length(name, config.max_position_embeddings, default=_LONGEST)
