"""The `gpt` adapter, registered. Light: torch loads with the first model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness import LoadSettings, ModelCard, ModelEntry, ModelName, NewModel, hookimpl
from harness.requests import Generate
from harness_gpt.new_settings import NEW_LEARNING_RATE, NewGpt
from harness_gpt.options import OPTIONS

if TYPE_CHECKING:
    from harness_gpt.adapter import GptAdapter


def describe(name: ModelName) -> ModelCard:
    """Describe a model without its weights; see `harness_gpt.card.describe`."""
    from harness_gpt import card  # reads configurations, files and adapters

    return card.describe(name)


def worded(name: ModelName, request: Generate) -> str | None:
    """Word a prompt as the model reads it; see `harness_gpt.card.worded`."""
    from harness_gpt import card

    return card.worded(name, request)


def load(name: ModelName, settings: LoadSettings) -> GptAdapter:
    """Load the model, and the adapter that its name has."""
    from harness_gpt.adapter import load_gpt  # torch
    from harness_torch.adapters.placing import load_named

    return load_named(name, settings, load_gpt)


def write_new(sizes: NewGpt, texts: Sequence[str], seed: int, folder: Path) -> None:
    """Write a model from scratch; see `harness_gpt.new.write_new`."""
    from harness_gpt.new import write_new  # torch

    write_new(sizes, texts, seed, folder)


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
            new=NewModel(
                settings=NewGpt, write=write_new, learning_rate=NEW_LEARNING_RATE
            ),
            worded=worded,
        )
    ]
