"""What a model name stands for, known before any weights load. Light: no torch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from harness import CheckpointError, Head, ModelName, UsageError
from harness_torch.weights import Weights, fingerprint, identity

TOKENIZERS = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "word_hash.json",
)
"""Files that make a tokenizer, the first that is there; see `harness_torch.tokenizers.protocol`."""

_TOKENIZER_FILES = (
    *TOKENIZERS,
    "merges.txt",
    "added_tokens.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "generation_config.json",
)
_SHORTEST = 8

Config = TypeVar("Config")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint(Generic[Config]):
    """A checkpoint, opened but not loaded.

    Attributes:
        title: how messages name it.
        config: its configuration.
        raw: config.json as it is, written back when a checkpoint is saved.
        length: the longest input in tokens.
        head: the trained head that it carries, if any.
        folder: where its files are, None for the built-in ones.
        weights: what its weights files hold, None for the built-in ones.
        names: our parameter name for each stored tensor that is taken.
        shapes: the shape of each parameter that the model has.
        facts: what else changes an answer: code revision, options.
    """

    title: str
    config: Config
    raw: Mapping[str, Any]
    length: int
    head: Head | None = None
    folder: Path | None = None
    weights: Weights | None = None
    names: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    facts: Mapping[str, str]

    @property
    def parameters(self) -> int:
        """How many parameters it has, head included where there is one."""
        if self.weights is None:
            return sum(math.prod(shape) for shape in self.shapes.values())
        return sum(self.weights.tensors[stored].size for stored in self.names)

    @property
    def tokenizer_files(self) -> tuple[Path, ...]:
        """The files that the tokenizer is made from."""
        if self.folder is None:
            return ()
        return find_tokenizer_files(self.folder)

    @property
    def identity(self) -> str:
        """What tells its weights from all others, by which adapters know their base."""
        drawn_by = self.facts.get("initialisation", "")
        return identity(self.raw, self.weights, drawn_by=drawn_by)

    def fingerprint(self) -> str:
        """Hash the weights, configuration, tokenizer, code revision and options."""
        facts = {**self.facts, "length": str(self.length)}
        if self.folder is None or self.weights is None:
            config = json.dumps(dict(self.raw), sort_keys=True)
            return fingerprint((), {**facts, "config": config})
        config_file = self.folder / "config.json"
        return fingerprint(
            (config_file, *self.weights.files, *self.tokenizer_files), facts
        )


def check_options(name: ModelName, options: Iterable[str]) -> None:
    """Refuse options that an adapter does not have.

    Raises:
        UsageError: there is one.
    """
    for option in name.options:
        if option not in options:
            raise UsageError(
                f"model {str(name)!r} has the unknown option {option!r}: expected "
                f"{' or '.join(options)}"
            )


def read_choice(name: ModelName, option: str, *choices: str) -> str:
    """Return an option's value, the first choice where it is not given.

    Raises:
        UsageError: it is none of the choices.
    """
    value = name.options.get(option, choices[0])
    if value not in choices:
        raise UsageError(
            f"model {str(name)!r} has {option} {value!r}: expected "
            f"{' or '.join(choices)}"
        )
    return value


def read_switch(name: ModelName, option: str) -> bool | None:
    """Return whether an option is ``on`` or ``off``, None for ``auto``, the default.

    Raises:
        UsageError: it is none of these.
    """
    value = read_choice(name, option, "auto", "on", "off")
    return {"auto": None, "on": True, "off": False}[value]


def read_length(name: ModelName, longest: int, *, default: int | None = None) -> int:
    """Return the longest input in tokens, from the option ``length``.

    Args:
        name: the model's name.
        longest: the model's own longest input.
        default: taken where there is no option and the model allows more.

    Raises:
        UsageError: the option is no number within the model's reach.
    """
    shortest = min(_SHORTEST, longest)
    text = name.options.get("length", str(min(default or longest, longest)))
    if not text.isdecimal() or not shortest <= int(text) <= longest:
        raise UsageError(
            f"model {str(name)!r} has length {text!r}: expected a whole number from "
            f"{shortest} to {longest}, the model's longest input"
        )
    return int(text)


def check_named(name: ModelName, example: str) -> None:
    """Refuse a model name without a checkpoint.

    Args:
        name: the model's name.
        example: a Hub id that would do.

    Raises:
        UsageError: it names none.
    """
    if not name.checkpoint:
        raise UsageError(
            f"model {str(name)!r} names no checkpoint: write {name.adapter}:tiny, a Hub "
            f"id such as {name.adapter}:{example}, or a folder"
        )


def find_tokenizer_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder that a tokenizer and its use are made from."""
    paths = (folder / name for name in _TOKENIZER_FILES)
    return tuple(path for path in paths if path.is_file())


def check_tokenizer(folder: Path) -> None:
    """Refuse a checkpoint without a tokenizer.

    Raises:
        CheckpointError: it has none.
    """
    if not any((folder / file).is_file() for file in TOKENIZERS):
        raise CheckpointError(
            f"{folder} has no tokenizer: expected one of {', '.join(TOKENIZERS)}, so "
            "save the model's tokenizer there"
        )
