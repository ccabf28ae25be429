"""Random models of transformers, for the BERT family's tests to be held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import Budget, LoadSettings, ModelName
from harness.model import Adapter
from harness.requests import Answer, Request
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import load

TITLES = {
    "bert": "Bert",
    "roberta": "Roberta",
    "xlm-roberta": "XLMRoberta",
    "camembert": "Camembert",
    "albert": "Albert",
    "distilbert": "DistilBert",
}
SMALL: dict[str, Any] = {
    "vocab_size": 90,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 36,
    "max_position_embeddings": 40,
}
ALBERT: dict[str, Any] = {**SMALL, "embedding_size": 10}
DISTILBERT: dict[str, Any] = {
    "vocab_size": 90,
    "dim": 24,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 36,
    "max_position_embeddings": 40,
}
CONFIGS = {"albert": ALBERT, "distilbert": DISTILBERT}


def make_reference(model_type: str, task: str = "Model", **settings: Any) -> Any:
    """Make a random model of transformers with noise on every parameter."""
    torch.manual_seed(7)
    values = {**CONFIGS.get(model_type, SMALL), **settings}
    config = transformers.AutoConfig.for_model(model_type, **values)
    model = getattr(transformers, TITLES[model_type] + task)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def save_reference(model: Any, folder: Path) -> Path:
    """Save a model with a tokenizer that needs no vocabulary."""
    model.save_pretrained(folder)
    size = f'{{"vocab_size": {model.config.vocab_size}}}'
    (folder / "word_hash.json").write_text(size)
    return folder


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def reference() -> Callable[..., Any]:
    """Return what makes a random model of transformers."""
    return make_reference


@pytest.fixture(scope="session")
def saved() -> Callable[[Any, Path], Path]:
    """Return what saves one with a tokenizer."""
    return save_reference


@pytest.fixture(scope="session")
def opened() -> Callable[..., BertAdapter]:
    """Return what opens a folder, with options."""

    def opened(folder: Path, **options: str) -> BertAdapter:
        name = ModelName(adapter="bert", checkpoint=str(folder), options=options)
        return load(name, LoadSettings())

    return opened


@pytest.fixture(scope="session")
def ask() -> Callable[..., list[Answer]]:
    """Return what asks an adapter, in batches of so many tokens."""

    def ask(
        adapter: Adapter, asked: Sequence[Request], *, tokens: int = 4096
    ) -> list[Answer]:
        encoded = adapter.encode(asked)
        answers = dict(adapter.session().answer(iter(encoded), Budget(tokens=tokens)))
        return [answers[item.key] for item in encoded]

    return ask
