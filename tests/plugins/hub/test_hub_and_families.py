"""`hub:` and our own families answer alike about the same checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness import LoadSettings, ModelEntry, ModelName
from harness.agreement import ask, compare
from harness.engine.simple import as_full
from harness.model import Adapter
from harness.plugins import load_plugins
from harness.requests import (
    Embed,
    Fill,
    Follow,
    Generate,
    Likelihood,
    PseudoLikelihood,
    Request,
    Score,
)
from harness.selftest import sample_requests

Make = Callable[..., Any]


def opened(adapter: str, folder: str) -> Adapter:
    """Load a folder through an adapter."""
    entry = load_plugins().models[adapter]
    assert isinstance(entry, ModelEntry)
    name = ModelName(adapter=adapter, checkpoint=folder)
    return as_full(entry.load(name, LoadSettings()))


@pytest.mark.parametrize(
    ("family", "architecture", "abilities"),
    [
        ("gpt", "GPT2LMHeadModel", (Score, Generate, Likelihood, Embed, Fill, Follow)),
        ("t5", "T5ForConditionalGeneration", (Score, Generate, Embed)),
        ("bert", "BertForMaskedLM", (Fill, Embed, PseudoLikelihood)),
    ],
)
def test_both_give_the_same_answers(
    family: str, architecture: str, abilities: tuple[type[Request], ...], make: Make
) -> None:
    folder = str(make(architecture).folder)
    ours, theirs = opened(family, folder), opened("hub", folder)
    for ability in abilities:
        asked = sample_requests(ability, None)
        difference = compare(ask(ours, asked, 2048), ask(theirs, asked, 2048))
        assert difference.is_within, (ability.__name__, difference)


@pytest.mark.parametrize(
    "settings",
    [
        {"beams": 3},
        {"beams": 2, "length_penalty": 0.0},
        {"temperature": 0.8},
        {"temperature": 1.0, "top_p": 0.5, "sample": 2},
        {"stop": ("a", "\n")},
    ],
)
@pytest.mark.parametrize(
    ("family", "architecture"),
    [("gpt", "GPT2LMHeadModel"), ("t5", "T5ForConditionalGeneration")],
)
def test_both_write_the_same_however_they_search(
    family: str, architecture: str, settings: dict[str, Any], make: Make
) -> None:
    folder = str(make(architecture).folder)
    asked = [
        Generate(prompt=text, max_tokens=10, **settings)
        for text in ("The cat sat", "yes", "Prices rose in 1969 and fell")
    ]
    ours = ask(opened(family, folder), asked, 2048)
    assert ours == ask(opened("hub", folder), asked, 2048)
