"""The `gpt` adapter, registered. Light: torch loads with the first model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import LoadSettings, ModelCard, ModelEntry, ModelName, hookimpl
from harness.requests import Generate
from harness_gpt.checkpoint import OPTIONS, answered, open_checkpoint
from harness_gpt.facts import facts_of
from harness_gpt.tiny import TINY_LEARNING_RATE
from harness_torch.chat import load_render
from harness_torch.heads.labels import VECTOR_HEADS

if TYPE_CHECKING:
    from harness_gpt.adapter import GptAdapter

PRETRAINED_LEARNING_RATE = 5e-5
"""In the range that Radford et al. 2018 fine-tuned with (6.25e-5, section 4.1)."""


def describe(name: ModelName) -> ModelCard:
    """Read the configuration and hash the files.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint can't be used.
    """
    checkpoint = open_checkpoint(name)
    able = answered(checkpoint)
    is_built_in = checkpoint.folder is None
    return ModelCard(
        abilities=able,
        trainable=VECTOR_HEADS
        | {"tag"}
        | ({"language"} if Generate in able else set()),
        head=checkpoint.head,
        fingerprint=checkpoint.fingerprint(),
        parameters=checkpoint.parameters,
        max_tokens=checkpoint.length,
        prefers=("rank", "generate", "lm-eval"),
        prefers_trained=("head",),
        suggested_learning_rate=(
            TINY_LEARNING_RATE if is_built_in else PRETRAINED_LEARNING_RATE
        ),
        facts=facts_of(checkpoint),
    )


def worded(name: ModelName, prompt: str) -> str | None:
    """Return a prompt within the chat template, None where it is read as it is.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint, or its template, can't be used.
    """
    render = load_render(open_checkpoint(name).chat)
    return None if render is None else render(prompt)


def load(name: ModelName, settings: LoadSettings) -> GptAdapter:
    """Load the model; see `harness_gpt.adapter.load_gpt`."""
    from harness_gpt.adapter import load_gpt  # torch

    return load_gpt(name, settings)


@hookimpl
def harness_models() -> Sequence[ModelEntry]:
    """Register the GPT family."""
    return [
        ModelEntry(
            name="gpt",
            summary=(
                "GPT-2, Llama, Mistral and Qwen decoders in our own modules: gpt:tiny, "
                "a Hub id or a folder"
            ),
            examples=("gpt:tiny", "gpt:openai-community/gpt2", "gpt:./folder"),
            describe=describe,
            load=load,
            options=OPTIONS,
            worded=worded,
        )
    ]
