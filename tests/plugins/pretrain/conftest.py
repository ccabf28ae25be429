"""Models from scratch, one of each family; tests only read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness_bert.new import write_new as write_bert
from harness_bert.new_settings import NewBert
from harness_gpt.new import write_new as write_gpt
from harness_gpt.new_settings import NewGpt
from harness_t5.new import write_new as write_t5
from harness_t5.new_settings import NewT5
from tests.plugins.pretrain.tiny_texts import document, write_texts

SMALL: dict[str, Any] = {
    "width": 16,
    "layers": 2,
    "heads": 2,
    "length": 64,
    "vocabulary": 400,
}
TEXTS = [document(seed) for seed in range(4)]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a folder of text files."""
    return write_texts(tmp_path_factory.mktemp("corpus") / "texts")


@pytest.fixture(scope="session")
def new_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a BERT that has learnt nothing."""
    folder = tmp_path_factory.mktemp("new") / "bert"
    write_bert(NewBert(**SMALL), TEXTS, 1, folder)
    return folder


@pytest.fixture(scope="session")
def new_gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a GPT-2 that has learnt nothing."""
    folder = tmp_path_factory.mktemp("new") / "gpt"
    write_gpt(NewGpt(**SMALL), TEXTS, 1, folder)
    return folder


@pytest.fixture(scope="session")
def new_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a T5 that has learnt nothing."""
    folder = tmp_path_factory.mktemp("new") / "t5"
    write_t5(NewT5(**SMALL), TEXTS, 1, folder)
    return folder
