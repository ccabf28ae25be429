"""Random models of transformers that adapters are trained on; tests only read them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers

from tests.plugins.finetune.tiny_recipes import (
    BERT,
    GPT2,
    LLAMA,
    T5,
    noisy,
    save_bytes,
    save_words,
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()


@pytest.fixture(scope="session")
def bert_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a random BERT with a pooler."""
    folder = tmp_path_factory.mktemp("bert-base")
    torch.manual_seed(1)
    config = transformers.BertConfig(**BERT)
    noisy(transformers.BertModel(config)).save_pretrained(folder)
    return save_words(folder, 90)


@pytest.fixture(scope="session")
def gpt2_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a random GPT-2."""
    folder = tmp_path_factory.mktemp("gpt2-base")
    torch.manual_seed(1)
    config = transformers.GPT2Config(
        **GPT2, n_positions=64, bos_token_id=2, eos_token_id=1, pad_token_id=0
    )
    noisy(transformers.GPT2LMHeadModel(config)).save_pretrained(folder)
    return save_bytes(folder, eos=False)


@pytest.fixture(scope="session")
def llama_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a random Llama."""
    folder = tmp_path_factory.mktemp("llama-base")
    torch.manual_seed(1)
    config = transformers.LlamaConfig(**LLAMA)
    noisy(transformers.LlamaForCausalLM(config)).save_pretrained(folder)
    return save_bytes(folder, eos=False)


@pytest.fixture(scope="session")
def t5_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a random T5."""
    folder = tmp_path_factory.mktemp("t5-base")
    torch.manual_seed(1)
    config = transformers.T5Config(**T5)
    noisy(transformers.T5ForConditionalGeneration(config)).save_pretrained(folder)
    return save_bytes(folder, eos=True)
