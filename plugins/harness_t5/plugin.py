"""The `t5` adapter, registered. Light: torch loads with the first model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness import LoadSettings, ModelCard, ModelEntry, ModelName, NewModel, hookimpl
from harness_t5.new_settings import NEW_LEARNING_RATE, NewT5
from harness_t5.options import OPTIONS

if TYPE_CHECKING:
    from harness_t5.adapter import T5Adapter


def describe(name: ModelName) -> ModelCard:
    """Describe a model without its weights; see `harness_t5.card.describe`."""
    from harness_t5 import card  # reads configurations, files and adapters

    return card.describe(name)


def load(name: ModelName, settings: LoadSettings) -> T5Adapter:
    """Load the model, and the adapter that its name has."""
    from harness_t5.adapter import load_t5  # torch
    from harness_torch.adapters.placing import load_named

    return load_named(name, settings, load_t5)


def write_new(sizes: NewT5, texts: Sequence[str], seed: int, folder: Path) -> None:
    """Write a model from scratch; see `harness_t5.new.write_new`."""
    from harness_t5.new import write_new  # torch

    write_new(sizes, texts, seed, folder)


@hookimpl
def harness_models() -> Sequence[ModelEntry]:
    """Register the T5 family."""
    return [
        ModelEntry(
            name="t5",
            summary=(
                "T5, FLAN-T5, mT5 and CodeT5 in our own modules: t5:tiny, a Hub id or a "
                "folder"
            ),
            examples=("t5:tiny", "t5:google-t5/t5-small", "t5:./folder"),
            describe=describe,
            load=load,
            options=OPTIONS,
            new=NewModel(
                settings=NewT5, write=write_new, learning_rate=NEW_LEARNING_RATE
            ),
        )
    ]
