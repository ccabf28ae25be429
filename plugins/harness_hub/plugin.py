"""The `hub` adapter, registered. Light: transformers loads with the first model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import LoadSettings, ModelCard, ModelEntry, ModelName, hookimpl
from harness.requests import Generate
from harness_hub.options import OPTIONS

if TYPE_CHECKING:
    from harness_hub.adapter import HubAdapter


def describe(name: ModelName) -> ModelCard:
    """Describe a model without its weights; see `harness_hub.card.describe`."""
    from harness_hub import card  # reads configurations, files and adapters

    return card.describe(name)


def worded(name: ModelName, request: Generate) -> str | None:
    """Word a prompt as the model reads it; see `harness_hub.card.worded`."""
    from harness_hub import card

    return card.worded(name, request)


def load(name: ModelName, settings: LoadSettings) -> HubAdapter:
    """Load the model, and the adapter that its name has."""
    from harness_hub.loading import load_hub  # torch and transformers
    from harness_torch.adapters.placing import load_named

    return load_named(name, settings, load_hub)


@hookimpl
def harness_models() -> Sequence[ModelEntry]:
    """Register any Hugging Face model."""
    return [
        ModelEntry(
            name="hub",
            summary="any Hugging Face model, through transformers: a Hub id or a folder",
            examples=("hub:facebook/opt-125m", "hub:microsoft/deberta-v3-base"),
            describe=describe,
            load=load,
            options=OPTIONS,
            worded=worded,
        )
    ]
