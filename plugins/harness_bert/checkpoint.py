"""What a model name stands for, known before any weights load.

Light: no torch, no tokenizers. Names and files are read and checked here once, for
the card as for the adapter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness import CheckpointError, Head, ModelName, UsageError
from harness_bert.config import BertConfig, read_config
from harness_bert.names import HEAD_WEIGHT, POOLER, parameter_names
from harness_bert.shapes import parameter_count, parameter_shapes
from harness_bert.tiny import TINY, TINY_CONFIG, TINY_REVISION
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import Weights, check_shapes, fingerprint, read_weights

ADAPTER_REVISION = 1
"""Raised whenever this adapter's code changes an answer."""

OPTIONS = {
    "length": "the longest input in tokens (default: the model's own, at most 512)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
}
WORD_HASH = "word_hash.json"
TOKENIZERS = ("tokenizer.json", "vocab.txt", WORD_HASH)
_TOKENIZER_FILES = (*TOKENIZERS, "tokenizer_config.json", "special_tokens_map.json")
_LONGEST = 512
_SHORTEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint, opened but not loaded.

    Attributes:
        title: how messages name it.
        config: its configuration.
        length: the longest input in tokens.
        head: the trained head that it carries, if any.
        folder: where its files are, None for the built-in ones.
        weights: what its weights files hold, None for the built-in ones.
        names: our parameter name for each stored tensor that is taken.
    """

    title: str
    config: BertConfig
    length: int
    head: Head | None
    folder: Path | None
    weights: Weights | None
    names: Mapping[str, str]

    @property
    def has_pooler(self) -> bool:
        """Whether the weights hold the pooler."""
        return POOLER.issubset(self.names.values())

    @property
    def parameters(self) -> int:
        """How many parameters it has, head included where there is one."""
        if self.weights is None:
            return parameter_count(self.config)
        return sum(self.weights.tensors[stored].size for stored in self.names)

    @property
    def tokenizer_files(self) -> tuple[Path, ...]:
        """The files that the tokenizer is made from."""
        if self.folder is None:
            return ()
        paths = (self.folder / name for name in _TOKENIZER_FILES)
        return tuple(path for path in paths if path.is_file())

    def fingerprint(self) -> str:
        """Hash the weights, configuration, tokenizer, code revision and length."""
        facts = {"adapter": f"bert {ADAPTER_REVISION}", "length": str(self.length)}
        if self.folder is None or self.weights is None:
            config = json.dumps(dict(self.config.raw), sort_keys=True)
            initialisation = f"{TINY} {TINY_REVISION}"
            return fingerprint(
                (), {**facts, "config": config, "initialisation": initialisation}
            )
        config_file = self.folder / "config.json"
        return fingerprint(
            (config_file, *self.weights.files, *self.tokenizer_files), facts
        )


def open_checkpoint(name: ModelName) -> Checkpoint:
    """Find and check what a model name stands for.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint is missing or no BERT that we can build.
    """
    for option in name.options:
        if option not in OPTIONS:
            raise UsageError(
                f"model {str(name)!r} has the unknown option {option!r}: expected "
                f"{' or '.join(OPTIONS)}"
            )
    if name.checkpoint == TINY:
        config = read_config(TINY_CONFIG, Path("bert:tiny"))
        return Checkpoint(
            title=str(name),
            config=config,
            length=_length(name, config),
            head=None,
            folder=None,
            weights=None,
            names={},
        )
    if not name.checkpoint:
        raise UsageError(
            f"model {str(name)!r} names no checkpoint: write bert:tiny, a Hub id such as "
            "bert:google-bert/bert-base-uncased, or a folder"
        )
    folder = find_checkpoint(name.checkpoint, revision=name.options.get("revision"))
    return _open_folder(name, folder)


def _open_folder(name: ModelName, folder: Path) -> Checkpoint:
    config = read_config(read_json(folder / "config.json"), folder / "config.json")
    weights = read_weights(folder)
    names = parameter_names(weights.tensors)
    if not any((folder / file).is_file() for file in TOKENIZERS):
        raise CheckpointError(
            f"{folder} has no tokenizer: expected one of {', '.join(TOKENIZERS)}, so "
            "save the model's tokenizer there"
        )
    outputs = _outputs(weights, names)
    check_shapes(
        {ours: weights.tensors[stored].shape for stored, ours in names.items()},
        parameter_shapes(config, outputs),
        origin=folder,
        may_lack=POOLER if outputs is None else frozenset(),
    )
    return Checkpoint(
        title=str(name),
        config=config,
        length=_length(name, config),
        head=config.head(outputs) if outputs else None,
        folder=folder,
        weights=weights,
        names=names,
    )


def _outputs(weights: Weights, names: Mapping[str, str]) -> int | None:
    for stored, ours in names.items():
        shape = weights.tensors[stored].shape
        if ours == HEAD_WEIGHT and shape:
            return shape[0]
    return None


def _length(name: ModelName, config: BertConfig) -> int:
    longest = config.max_position_embeddings
    text = name.options.get("length", str(min(_LONGEST, longest)))
    if not text.isdecimal() or not min(_SHORTEST, longest) <= int(text) <= longest:
        raise UsageError(
            f"model {str(name)!r} has length {text!r}: expected a whole number from "
            f"{min(_SHORTEST, longest)} to {longest}, the model's longest input"
        )
    return int(text)
