"""What a decoder's name stands for, known before any weights load. Light: no torch.

Names and files are read and checked here once, for the card as for the adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from harness import Head, ModelName
from harness.requests import (
    Embed,
    Fill,
    Follow,
    Generate,
    Likelihood,
    Request,
    Score,
)
from harness_gpt.config import DecoderConfig, read_config
from harness_gpt.names import (
    HEAD_WEIGHT,
    OUTPUT_WEIGHT,
    is_transposed,
    parameter_names,
    tagger_layer,
)
from harness_gpt.options import OPTIONS
from harness_gpt.shapes import parameter_shapes
from harness_gpt.tiny import TINY, TINY_CONFIG, TINY_REVISION
from harness_torch.chat import Chat, chat_fact, read_chat
from harness_torch.config import head_of, is_tagger, tagger_of
from harness_torch.heads.labels import HEAD_OF
from harness_torch.opening import (
    Checkpoint,
    check_named,
    check_options,
    check_tokenizer,
    read_choice,
    read_length,
    read_switch,
)
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import Weights, check_shapes, read_weights

ADAPTER_REVISION = 1
"""Raised whenever this adapter's code changes an answer."""

_POOLINGS = ("mean", "last")
_WRITERS: tuple[type[Request], ...] = (Score, Generate, Likelihood, Fill, Follow)


@dataclass(frozen=True, slots=True, kw_only=True)
class GptCheckpoint(Checkpoint[DecoderConfig]):
    """A decoder's checkpoint, opened but not loaded.

    Attributes:
        bos: whether texts begin with BOS; as the tokenizer's files say for None.
        chat: the chat template, and what it goes around; None for none.
        pooling: what `Embed` makes of the last hidden states, ``mean`` or ``last``.
    """

    bos: bool | None
    chat: Chat | None
    pooling: str


def open_checkpoint(name: ModelName) -> GptCheckpoint:
    """Find and check what a model name stands for.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint is missing or no decoder that we can build.
    """
    check_options(name, OPTIONS)
    if name.checkpoint == TINY:
        config = read_config(TINY_CONFIG, Path("gpt:tiny"))
        asked = _read_options(name, None)
        return GptCheckpoint(
            title=str(name),
            config=config,
            raw=TINY_CONFIG,
            length=read_length(name, config.longest),
            names={},
            shapes=parameter_shapes(config),
            facts={**asked.facts, "initialisation": f"{TINY} {TINY_REVISION}"},
            bos=asked.bos,
            chat=asked.chat,
            pooling=asked.pooling,
        )
    check_named(name, "openai-community/gpt2")
    folder = find_checkpoint(name.checkpoint, revision=name.options.get("revision"))
    return _open_folder(name, folder)


def has_output(checkpoint: GptCheckpoint) -> bool:
    """Tell whether a checkpoint can say what comes next."""
    if checkpoint.weights is None or checkpoint.config.tie_word_embeddings:
        return True
    return OUTPUT_WEIGHT in checkpoint.names.values()


def answered(checkpoint: GptCheckpoint) -> frozenset[type[Request]]:
    """Return the request types that a checkpoint answers as it is."""
    if checkpoint.head is not None:
        return frozenset({HEAD_OF[checkpoint.head.kind], Embed})
    return frozenset({*(_WRITERS if has_output(checkpoint) else ()), Embed})


class _Options(NamedTuple):
    """What a name says of how texts are read."""

    bos: bool | None
    chat: Chat | None
    pooling: str

    @property
    def facts(self) -> dict[str, str]:
        """What of this changes an answer."""
        return {
            "adapter": f"gpt {ADAPTER_REVISION}",
            "bos": str(self.bos),
            "chat": chat_fact(self.chat),
            "pooling": self.pooling,
        }


def _read_options(name: ModelName, folder: Path | None) -> _Options:
    return _Options(
        bos=read_switch(name, "bos"),
        chat=read_chat(name, folder),
        pooling=read_choice(name, "pooling", *_POOLINGS),
    )


def _open_folder(name: ModelName, folder: Path) -> GptCheckpoint:
    asked = _read_options(name, folder)
    raw = read_json(folder / "config.json")
    config = read_config(raw, folder / "config.json")
    weights = read_weights(folder)
    names = parameter_names(weights.tensors, config)
    check_tokenizer(folder)
    head, outputs = _find_head(raw, weights, names, config)
    shapes = parameter_shapes(
        config,
        outputs=outputs,
        is_tagger=head is not None and head.kind == "tag",
        has_output=OUTPUT_WEIGHT in names.values(),
    )
    if head is not None:  # what remains of the language model is not used
        names = {s: ours for s, ours in names.items() if ours != OUTPUT_WEIGHT}
    check_shapes(_stored_shapes(weights, names, config), shapes, origin=folder)
    return GptCheckpoint(
        title=str(name),
        config=config,
        raw=raw,
        length=read_length(name, config.longest),
        head=head,
        folder=folder,
        weights=weights,
        names=names,
        shapes=shapes,
        facts=asked.facts,
        bos=asked.bos,
        chat=asked.chat,
        pooling=asked.pooling,
    )


def _find_head(
    raw: Mapping[str, Any],
    weights: Weights,
    names: Mapping[str, str],
    config: DecoderConfig,
) -> tuple[Head | None, int | None]:
    """Return the trained head that a checkpoint carries, and its outputs."""
    shapes = {ours: weights.tensors[stored].shape for stored, ours in names.items()}
    layer = tagger_layer(config)
    if is_tagger(raw.get("architectures")) or f"{layer}.bias" in shapes:
        rows = shapes.get(f"{layer}.weight", ())[:1]
        return (tagger_of(config.labels, rows[0]), rows[0]) if rows else (None, None)
    rows = shapes.get(HEAD_WEIGHT, ())[:1]
    if not rows:
        return None, None
    return head_of(config.problem_type, config.labels, rows[0]), rows[0]


def _stored_shapes(
    weights: Weights, names: Mapping[str, str], config: DecoderConfig
) -> dict[str, tuple[int, ...]]:
    """Return the shapes that stored tensors have once they are turned as ours are."""
    shapes = {ours: weights.tensors[stored].shape for stored, ours in names.items()}
    return {
        ours: shape[::-1] if is_transposed(ours, config) else shape
        for ours, shape in shapes.items()
    }
