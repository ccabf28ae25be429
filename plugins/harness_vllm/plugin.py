"""The `vllm` adapter, registered. Light: vLLM loads with the first model."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from harness import (
    LoadSettings,
    ModelCard,
    ModelEntry,
    ModelName,
    UsageError,
    hookimpl,
)
from harness.requests import Generate, Likelihood, Score
from harness_vllm.options import OPTIONS

if TYPE_CHECKING:
    from harness_vllm.adapter import VllmAdapter


def describe(name: ModelName) -> ModelCard:
    """Read the configuration and hash the files.

    Raises:
        UsageError: vLLM or a GPU is missing, or an option is wrong.
        CheckpointError: the checkpoint can't be used.
    """
    from harness_torch.chat import chat_fact, chat_prompts
    from harness_vllm.checkpoint import open_checkpoint

    check_machine()
    checkpoint = open_checkpoint(name)
    return ModelCard(
        abilities=frozenset({Score, Generate, Likelihood}),
        fingerprint=checkpoint.fingerprint(),
        parameters=checkpoint.parameters,
        max_tokens=checkpoint.length,
        prefers=("rank", "generate", *chat_prompts(checkpoint.chat), "lm-eval"),
        facts={
            "chat template": chat_fact(checkpoint.chat),
            "engine": "vLLM",
        },
    )


def worded(name: ModelName, request: Generate) -> str | None:
    """Return a prompt within the chat template, None where it is read as it is.

    Raises:
        UsageError: an option is wrong.
        CheckpointError: the checkpoint can't be used.
    """
    from harness_torch.chat import load_render
    from harness_vllm.checkpoint import open_checkpoint

    return load_render(open_checkpoint(name).chat)(request)


def load(name: ModelName, settings: LoadSettings) -> VllmAdapter:
    """Load the model into vLLM.

    Raises:
        UsageError: vLLM or a GPU is missing, or an option or the device is wrong.
        CheckpointError: the checkpoint can't be used.
    """
    check_machine()
    check_device(settings.device)
    from harness_vllm.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(name)
    from harness_vllm.engine import load_vllm  # vLLM

    return load_vllm(checkpoint, settings)


def check_machine() -> None:
    """Refuse a machine without vLLM or without an NVIDIA GPU.

    Raises:
        UsageError: it has none.
    """
    if find_spec("vllm") is None:
        raise UsageError(
            "vllm: models need vLLM, which is not installed: run "
            "pip install 'nlp-harness[vllm]' on a machine with a CUDA GPU, or use gpt: "
            "or hub:"
        )
    if shutil.which("nvidia-smi") is None:
        raise UsageError(
            "vllm: models need a CUDA GPU, and nvidia-smi is not there: use gpt: or "
            "hub: on this machine"
        )


def check_device(device: str) -> None:
    """Refuse a device that vLLM is not started on.

    Raises:
        UsageError: it is not the first GPU that is visible.
    """
    if device not in ("cuda", "cuda:0"):
        raise UsageError(
            f"vllm: models run on the first visible GPU, not on {device!r}: use "
            "--device cuda, and choose the GPU with CUDA_VISIBLE_DEVICES"
        )


@hookimpl
def harness_models() -> Sequence[ModelEntry]:
    """Register vLLM."""
    return [
        ModelEntry(
            name="vllm",
            summary="large decoders on a GPU through vLLM, in this process (untested)",
            examples=("vllm:HuggingFaceTB/SmolLM2-1.7B", "vllm:./folder"),
            describe=describe,
            load=load,
            options=OPTIONS,
            worded=worded,
        )
    ]
