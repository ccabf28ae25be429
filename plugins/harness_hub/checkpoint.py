"""What a `hub:` model's name stands for, known before any weights load.

Light: neither torch nor transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness import CheckpointError, Head, ModelName, UsageError
from harness_hub.kinds import KINDS, Kind, find_kind
from harness_hub.lengths import (
    UNBOUNDED,
    WINDOW,
    longest_input,
    read_stride,
    usual_length,
)
from harness_hub.options import OPTIONS
from harness_torch.chat import Chat, chat_fact, read_chat
from harness_torch.config import head_of, read_labels, read_size, tagger_of
from harness_torch.opening import check_options, read_choice, read_length
from harness_torch.sentence_folder import Pooling, read_pooling
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import Weights, fingerprint, identity, read_weights

ADAPTER_REVISION = 1
"""Raised whenever this adapter's code changes an answer."""

_WORDS = (
    "tokenizer*",
    "vocab*",
    "*.model",
    "*.spm",
    "*.tiktoken",
    "*.codes",
)
_TOKENIZER_PATTERNS = (
    *_WORDS,
    "merges*",
    "added_tokens.json",
    "special_tokens_map.json",
    "chat_template*",
    "generation_config.json",
)
_SENTENCE_FILES = (
    "modules.json",
    "sentence_bert_config.json",
    "*_Pooling/config.json",
)
_CODE = ("*.py",)
_POOLINGS = ("auto", "mean", "cls", "last")
_FLOATS = ("F", "BF")
_PROBLEMS = (None, "single_label_classification", "regression")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCheckpoint:
    """A checkpoint, opened but not loaded.

    Attributes:
        title: how messages name it.
        kind: what it is for.
        raw: its config.json.
        folder: where its files are.
        weights: what its weights files hold.
        length: the longest input in tokens.
        window: tokens of a window over a long context.
        stride: tokens that neighbouring windows of a long context share.
        head: the trained head that it carries, if any.
        chat: the chat template, and what it goes around; None for none.
        bos: ``auto``, ``on`` or ``off``.
        pooling: how texts become vectors.
        runs_code: whether the checkpoint's own code may run.
        can_be_trained: whether a head may be put on it.
    """

    title: str
    kind: Kind
    raw: Mapping[str, Any]
    folder: Path
    weights: Weights
    length: int
    window: int
    stride: int
    head: Head | None
    chat: Chat | None
    bos: str
    pooling: Pooling
    runs_code: bool
    can_be_trained: bool

    @property
    def parameters(self) -> int:
        """How many parameters are stored; buffers of whole numbers are none."""
        tensors = self.weights.tensors.values()
        return sum(t.size for t in tensors if t.dtype.startswith(_FLOATS))

    @property
    def identity(self) -> str:
        """What tells its weights from all others, by which adapters know their base."""
        return identity(self.raw, self.weights)

    def fingerprint(self) -> str:
        """Hash the weights, configuration, tokenizer, code and options."""
        patterns = (*_TOKENIZER_PATTERNS, *(_CODE if self.runs_code else ()))
        found = {path for pattern in patterns for path in self.folder.glob(pattern)}
        files = {path for path in found if path.is_file()}
        return fingerprint(
            {self.folder / "config.json", *self.weights.files, *files},
            {
                "adapter": f"hub {ADAPTER_REVISION}",
                "transformers": version("transformers"),
                "task": self.kind.name,
                "length": str(self.length),
                "stride": str(self.stride),
                "chat": chat_fact(self.chat),
                "bos": self.bos,
                "pooling": str(self.pooling),
            },
        )


def open_checkpoint(name: ModelName) -> HubCheckpoint:
    """Find and check what a model name stands for.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint is missing, a pickle, or of no known kind.
    """
    check_options(name, OPTIONS)
    _check_named(name)
    task = None
    if "task" in name.options:
        task = read_choice(name, "task", *KINDS)
    runs_code = read_choice(name, "remote_code", "no", "yes") == "yes"
    folder = find_checkpoint(
        name.checkpoint,
        revision=name.options.get("revision"),
        also=(*_TOKENIZER_PATTERNS, *_SENTENCE_FILES, *(_CODE if runs_code else ())),
    )
    raw = read_json(folder / "config.json")
    _check_files(folder)
    kind = find_kind(raw, folder / "config.json", task)
    longest = longest_input(raw)
    pooling = _read_pooling(name, folder)
    most = {"embed": pooling.length, "extract": WINDOW}.get(kind.name)
    usual = usual_length(folder, raw, most=most)
    length = read_length(name, longest or UNBOUNDED, default=usual)
    window = read_length(
        name,
        longest or UNBOUNDED,
        default=usual_length(folder, raw, most=WINDOW),
    )
    return HubCheckpoint(
        title=str(name),
        kind=kind,
        raw=raw,
        folder=folder,
        weights=read_weights(folder),
        length=length,
        window=window,
        stride=read_stride(name, window),
        head=_find_head(kind, raw, folder / "config.json"),
        chat=read_chat(name, folder if kind.name == "causal" else None),
        bos=read_choice(name, "bos", "auto", "on", "off"),
        pooling=pooling,
        runs_code=runs_code,
        can_be_trained=task is None,
    )


def _check_files(folder: Path) -> None:
    if (folder / "adapter_config.json").is_file():
        # transformers would fetch the weights that it names, unseen by the fingerprint
        raise CheckpointError(
            f"{folder} has an adapter_config.json, expected the weights of a whole "
            "model: merge the adapter into its base model and save that"
        )
    if not any(path for p in _WORDS for path in folder.glob(p)):
        raise CheckpointError(
            f"{folder} has no tokenizer: save the model's tokenizer there"
        )


def _read_pooling(name: ModelName, folder: Path) -> Pooling:
    asked = read_choice(name, "pooling", *_POOLINGS)
    return read_pooling(folder, asked=None if asked == "auto" else asked)


def _check_named(name: ModelName) -> None:
    if not name.checkpoint:
        raise UsageError(
            f"model {str(name)!r} names no checkpoint: write a Hub id such as "
            "hub:facebook/opt-125m, or a folder"
        )


def _find_head(kind: Kind, raw: Mapping[str, Any], origin: Path) -> Head | None:
    if kind.name in ("extract", "choose"):
        return Head(kind=kind.name)
    if kind.name not in ("classify", "tag"):
        return None
    problem = raw.get("problem_type")
    if problem not in _PROBLEMS:
        raise CheckpointError(
            f"{origin} has problem_type {problem!r}, expected "
            f"{' or '.join(map(str, _PROBLEMS))}: other heads are not supported"
        )
    labels = read_labels(raw, origin)
    outputs = len(labels) or read_size(raw, "num_labels", origin, default=2)
    if kind.name == "tag":
        return tagger_of(labels, outputs)
    return head_of(problem, labels, outputs)
