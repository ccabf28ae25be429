"""What a T5 model's name stands for, known before any weights load. Light: no torch.

Names and files are read and checked here once, for the card as for the adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness import CheckpointError, Head, ModelName
from harness.requests import Embed, Fill, Generate, Request, Score
from harness_t5.config import T5Config, read_config
from harness_t5.names import (
    HEAD_ARCHITECTURE,
    HEAD_WEIGHT,
    HEADS_STORED,
    OUTPUT,
    TAGGERS,
    has_decoder,
    parameter_names,
)
from harness_t5.options import OPTIONS
from harness_t5.shapes import parameter_shapes
from harness_t5.tiny import TINY, TINY_CONFIG, TINY_REVISION
from harness_torch.config import head_of, tagger_of
from harness_torch.heads.labels import HEAD_OF
from harness_torch.opening import (
    Checkpoint,
    check_named,
    check_options,
    check_tokenizer,
    read_length,
)
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import check_shapes, read_weights

ADAPTER_REVISION = 1
"""Raised whenever this adapter's code changes an answer."""

_USUAL, _LONGEST = 512, 65536  # places are relative, so no length is too long for T5
_FACTS = {"adapter": f"t5 {ADAPTER_REVISION}"}
_SENTINEL = b"<extra_id_1>"

T5Checkpoint = Checkpoint[T5Config]


def open_checkpoint(name: ModelName) -> T5Checkpoint:
    """Find and check what a model name stands for.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint is missing or no T5 that we can build.
    """
    check_options(name, OPTIONS)
    length = read_length(name, _LONGEST, default=_USUAL)
    if name.checkpoint == TINY:
        config = read_config(TINY_CONFIG, Path("t5:tiny"))
        return Checkpoint(
            title=str(name),
            config=config,
            raw=TINY_CONFIG,
            length=length,
            names={},
            shapes=parameter_shapes(config),
            facts={**_FACTS, "initialisation": f"{TINY} {TINY_REVISION}"},
        )
    check_named(name, "google-t5/t5-small")
    folder = find_checkpoint(name.checkpoint, revision=name.options.get("revision"))
    return _open_folder(str(name), folder, length)


def answers(checkpoint: T5Checkpoint) -> frozenset[type[Request]]:
    """Return what a checkpoint can be asked as it is."""
    if checkpoint.head:
        return frozenset({HEAD_OF[checkpoint.head.kind]})
    asked: set[type[Request]] = {Embed}
    if has_decoder(checkpoint.shapes):
        asked |= {Generate, Score}
        if _has_sentinels(checkpoint):
            asked.add(Fill)
    return frozenset(asked)


def _has_sentinels(checkpoint: T5Checkpoint) -> bool:
    """Tell whether the tokenizer has the tokens that stand for blanks."""
    files = {path.name: path for path in checkpoint.tokenizer_files}
    if any(_SENTINEL in path.read_bytes() for path in files.values()):
        return True
    if "spiece.model" not in files or "tokenizer.json" in files:
        return False
    settings = files.get("tokenizer_config.json")
    # T5's spiece.model has none: the tokenizer adds a hundred unless told otherwise.
    return read_json(settings).get("extra_ids", 100) != 0 if settings else True


def _open_folder(title: str, folder: Path, length: int) -> T5Checkpoint:
    raw = read_json(folder / "config.json")
    config = read_config(raw, folder / "config.json", _generation(folder))
    weights = read_weights(folder)
    names = parameter_names(weights.tensors)
    check_tokenizer(folder)
    found = {ours: weights.tensors[stored].shape for stored, ours in names.items()}
    head = found.get(HEAD_WEIGHT)
    outputs = head[0] if head else None
    _check_head(raw, found, folder)
    shapes = parameter_shapes(
        config,
        has_decoder=has_decoder(found),
        has_output=OUTPUT in found,
        outputs=outputs,
    )
    check_shapes(found, shapes, origin=folder)
    return Checkpoint(
        title=title,
        config=config,
        raw=raw,
        length=length,
        head=_head_of(raw, config, outputs),
        folder=folder,
        weights=weights,
        names=names,
        shapes=shapes,
        facts=_FACTS,
    )


def _generation(folder: Path) -> dict[str, Any]:
    path = folder / "generation_config.json"
    return read_json(path) if path.is_file() else {}


def _head_of(
    raw: Mapping[str, Any], config: T5Config, outputs: int | None
) -> Head | None:
    if outputs is None:
        return None
    if raw.get("architectures") == [TAGGERS[raw["model_type"]]]:
        return tagger_of(config.labels, outputs)
    return head_of(config.problem_type, config.labels, outputs)


def _check_head(raw: Mapping[str, Any], found: Iterable[str], folder: Path) -> None:
    """Refuse heads that are not ours, such as transformers' over the decoder."""
    has_head = any(name.startswith(HEADS_STORED) for name in found)
    known = (HEAD_ARCHITECTURE, TAGGERS[raw["model_type"]])
    if has_head and raw.get("architectures") not in [[name] for name in known]:
        told = " or ".join(raw.get("architectures") or ["unknown architecture"])
        raise CheckpointError(
            f"{folder} has a trained head of {told}, expected {' or '.join(known)}: "
            "fine-tune the base model here, or use the hub adapter"
        )
