"""Fixtures for the plugins' tests: a tiny BERT with a random head."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from harness import Head, LoadSettings, ModelName
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import load
from tests.plugins.toy_server import ToyServer

CLASSIFIER = Head(kind="classify", labels=("bad", "fair", "good"))


def make_random(
    head: Head = CLASSIFIER, settings: LoadSettings | None = None
) -> BertAdapter:
    """Make a tiny model with a random head; the noise makes its answers differ."""
    adapter = load(ModelName.parse("bert:tiny"), settings or LoadSettings())
    adapter.prepare(head, seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in adapter.module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return adapter


@pytest.fixture
def fresh() -> Callable[..., BertAdapter]:
    """Return what makes a tiny model with a random head."""
    return make_random


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a saved classifier; tests only read it."""
    path = tmp_path_factory.mktemp("classifier")
    make_random().save(path)
    return path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ToyServer]:
    """Run a loopback server that speaks the completions dialect; waits are short."""
    monkeypatch.setattr("harness_api.retry.FIRST_WAIT_S", 0.001)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with ToyServer() as server:
        yield server
