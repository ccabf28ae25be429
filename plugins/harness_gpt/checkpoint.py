"""What a decoder's name stands for, known before any weights load. Light: no torch.

Names and files are read and checked here once, for the card as for the adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness import ModelName
from harness.requests import (
    Classify,
    Embed,
    Fill,
    Generate,
    Likelihood,
    Regress,
    Request,
    Score,
)
from harness_gpt.config import DecoderConfig, read_config
from harness_gpt.names import (
    HEAD_WEIGHT,
    OUTPUT_WEIGHT,
    is_transposed,
    parameter_names,
)
from harness_gpt.shapes import parameter_shapes
from harness_gpt.tiny import TINY, TINY_CONFIG, TINY_REVISION
from harness_torch.config import head_of
from harness_torch.opening import (
    Checkpoint,
    check_named,
    check_options,
    check_tokenizer,
    read_choice,
    read_length,
)
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import Weights, check_shapes, read_weights

ADAPTER_REVISION = 1
"""Raised whenever this adapter's code changes an answer."""

_SWITCH = ("auto", "on", "off")
_POOLINGS = ("mean", "last")
OPTIONS = {
    "length": "the longest input in tokens (default: the model's own)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
    "bos": "a beginning-of-text token: auto (as the tokenizer does), on or off",
    "chat": "the chat template around Generate prompts: auto (if there is one), on, off",
    "pooling": "what Embed makes of the last hidden states: their mean, or the last",
}
GptCheckpoint = Checkpoint[DecoderConfig]
_WRITERS: tuple[type[Request], ...] = (Score, Generate, Likelihood, Fill)
_HEADS: Mapping[str, type[Request]] = {"classify": Classify, "regress": Regress}


def open_checkpoint(name: ModelName) -> GptCheckpoint:
    """Find and check what a model name stands for.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint is missing or no decoder that we can build.
    """
    check_options(name, OPTIONS)
    facts = {
        "adapter": f"gpt {ADAPTER_REVISION}",
        "bos": read_choice(name, "bos", *_SWITCH),
        "chat": read_choice(name, "chat", *_SWITCH),
        "pooling": read_choice(name, "pooling", *_POOLINGS),
    }
    if name.checkpoint == TINY:
        config = read_config(TINY_CONFIG, Path("gpt:tiny"))
        return Checkpoint(
            title=str(name),
            config=config,
            raw=TINY_CONFIG,
            length=read_length(name, config.longest),
            names={},
            shapes=parameter_shapes(config),
            facts={**facts, "initialisation": f"{TINY} {TINY_REVISION}"},
        )
    check_named(name, "openai-community/gpt2")
    folder = find_checkpoint(name.checkpoint, revision=name.options.get("revision"))
    return _open_folder(name, folder, facts)


def has_output(checkpoint: GptCheckpoint) -> bool:
    """Tell whether a checkpoint can say what comes next."""
    if checkpoint.weights is None or checkpoint.config.tie_word_embeddings:
        return True
    return OUTPUT_WEIGHT in checkpoint.names.values()


def answered(checkpoint: GptCheckpoint) -> frozenset[type[Request]]:
    """Return the request types that a checkpoint answers as it is."""
    if checkpoint.head is not None:
        return frozenset({_HEADS[checkpoint.head.kind], Embed})
    return frozenset({*(_WRITERS if has_output(checkpoint) else ()), Embed})


def _open_folder(
    name: ModelName, folder: Path, facts: Mapping[str, str]
) -> GptCheckpoint:
    raw = read_json(folder / "config.json")
    config = read_config(raw, folder / "config.json")
    weights = read_weights(folder)
    names = parameter_names(weights.tensors, config)
    check_tokenizer(folder)
    outputs = _outputs(weights, names)
    has_own_output = OUTPUT_WEIGHT in names.values()
    shapes = parameter_shapes(config, outputs=outputs, has_output=has_own_output)
    if outputs is not None:  # what remains of the language model is not used
        names = {s: ours for s, ours in names.items() if ours != OUTPUT_WEIGHT}
    check_shapes(_stored_shapes(weights, names, config), shapes, origin=folder)
    return Checkpoint(
        title=str(name),
        config=config,
        raw=raw,
        length=read_length(name, config.longest),
        head=head_of(config.problem_type, config.labels, outputs) if outputs else None,
        folder=folder,
        weights=weights,
        names=names,
        shapes=shapes,
        facts=facts,
    )


def _outputs(weights: Weights, names: Mapping[str, str]) -> int | None:
    for stored, ours in names.items():
        shape = weights.tensors[stored].shape
        if ours == HEAD_WEIGHT and shape:
            return shape[0]
    return None


def _stored_shapes(
    weights: Weights, names: Mapping[str, str], config: DecoderConfig
) -> dict[str, tuple[int, ...]]:
    """Return the shapes that stored tensors have once they are turned as ours are."""
    shapes = {ours: weights.tensors[stored].shape for stored, ours in names.items()}
    return {
        ours: shape[::-1] if is_transposed(ours, config) else shape
        for ours, shape in shapes.items()
    }
