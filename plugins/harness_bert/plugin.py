"""The `bert` adapter, registered. Light: torch loads with the first model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness import LoadSettings, ModelCard, ModelEntry, ModelName, NewModel, hookimpl
from harness_bert.new_settings import NEW_LEARNING_RATE, NewBert
from harness_bert.options import OPTIONS

if TYPE_CHECKING:
    from harness_bert.adapter import BertAdapter


def describe(name: ModelName) -> ModelCard:
    """Describe a model without its weights; see `harness_bert.card.describe`."""
    from harness_bert import card  # reads configurations, files and adapters

    return card.describe(name)


def load(name: ModelName, settings: LoadSettings) -> BertAdapter:
    """Load the model, and the adapter that its name has."""
    from harness_bert.adapter import load_bert  # torch
    from harness_torch.adapters.placing import load_named

    return load_named(name, settings, load_bert)


def write_new(sizes: NewBert, texts: Sequence[str], seed: int, folder: Path) -> None:
    """Write a model from scratch; see `harness_bert.new.write_new`."""
    from harness_bert.new import write_new  # torch

    write_new(sizes, texts, seed, folder)


@hookimpl
def harness_models() -> Sequence[ModelEntry]:
    """Register the BERT family."""
    return [
        ModelEntry(
            name="bert",
            summary="BERT, RoBERTa, ALBERT, DistilBERT in our own modules: bert:tiny, a Hub "
            "id or a folder",
            examples=(
                "bert:tiny",
                "bert:google-bert/bert-base-uncased",
                "bert:./folder",
            ),
            describe=describe,
            load=load,
            options=OPTIONS,
            new=NewModel(
                settings=NewBert, write=write_new, learning_rate=NEW_LEARNING_RATE
            ),
        )
    ]
