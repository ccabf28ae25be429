"""What a `vllm:` model's name stands for, known before any weights load. Light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import CheckpointError, ModelName, UsageError
from harness_torch.chat import Chat, chat_fact, read_chat
from harness_torch.opening import (
    check_named,
    check_options,
    check_tokenizer,
    find_tokenizer_files,
    read_length,
    read_switch,
)
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import Weights, fingerprint, read_weights
from harness_vllm.options import OPTIONS

ADAPTER_REVISION = 1
"""Raised whenever this adapter's code changes an answer."""

_LENGTHS = ("max_position_embeddings", "n_positions", "seq_length")
_KINDS = ("ForCausalLM", "LMHeadModel")


@dataclass(frozen=True, slots=True, kw_only=True)
class VllmCheckpoint:
    """A checkpoint, opened but not loaded.

    Attributes:
        title: how messages name it.
        folder: where its files are.
        length: the longest input, with what is written.
        bos: whether texts begin with BOS; as the tokenizer's files say for None.
        chat: the chat template, and what it goes around; None for none.
        gpu_memory: the share of the GPU's memory that vLLM may take.
        weights: what its weights files hold.
    """

    title: str
    folder: Path
    length: int
    bos: bool | None
    chat: Chat | None
    gpu_memory: float
    weights: Weights

    @property
    def parameters(self) -> int:
        """How many parameters it has."""
        return sum(tensor.size for tensor in self.weights.tensors.values())

    def fingerprint(self) -> str:
        """Hash the weights, configuration, tokenizer, code revision and options."""
        facts = {
            "adapter": f"vllm {ADAPTER_REVISION}",
            "engine": _engine(),
            "length": str(self.length),
            "bos": str(self.bos),
            "chat": chat_fact(self.chat),
        }
        files = find_tokenizer_files(self.folder)
        own = (self.folder / "config.json", *self.weights.files, *files)
        return fingerprint(own, facts)


def open_checkpoint(name: ModelName) -> VllmCheckpoint:
    """Find and check what a model name stands for.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint is missing or no decoder.
    """
    check_options(name, OPTIONS)
    check_named(name, "HuggingFaceTB/SmolLM2-1.7B")
    bos = read_switch(name, "bos")
    gpu_memory = _read_share(name)
    folder = find_checkpoint(name.checkpoint, revision=name.options.get("revision"))
    raw = read_json(folder / "config.json")
    _check_decoder(raw, folder)
    check_tokenizer(folder)
    return VllmCheckpoint(
        title=str(name),
        folder=folder,
        length=read_length(name, _longest(raw, folder)),
        bos=bos,
        chat=read_chat(name, folder),
        gpu_memory=gpu_memory,
        weights=read_weights(folder),
    )


def _engine() -> str:
    """Return vLLM's version, whose kernels change the last digits of an answer."""
    try:
        return version("vllm")
    except PackageNotFoundError:
        return "none"


def _check_decoder(raw: Mapping[str, Any], folder: Path) -> None:
    kinds = raw.get("architectures")
    named = kinds if isinstance(kinds, list) else []
    if not any(str(kind).endswith(_KINDS) for kind in named):
        raise CheckpointError(
            f"{folder / 'config.json'} has architectures {kinds!r}, expected a decoder "
            f"(a name that ends with {' or '.join(_KINDS)}): use another adapter"
        )


def _longest(raw: Mapping[str, Any], folder: Path) -> int:
    for key in _LENGTHS:
        value = raw.get(key)
        if isinstance(value, int) and value > 0:
            return value
    raise CheckpointError(
        f"{folder / 'config.json'} does not say how much the model reads: expected one "
        f"of {', '.join(_LENGTHS)}, so add it"
    )


def _read_share(name: ModelName) -> float:
    text = name.options.get("gpu_memory", "0.9")
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(
            f"model {str(name)!r} has gpu_memory {text!r}: expected a share above 0 and "
            "at most 1"
        )
    return share
