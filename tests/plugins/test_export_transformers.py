"""`harness export checkpoint`: transformers loads the folder, and gives equal logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from typer.testing import CliRunner

from harness import Budget, LoadSettings, ModelName
from harness.cli import app
from harness.requests import Classify, ClassifyAnswer
from harness_bert.plugin import load

LABELS = ("negative", "positive")
TEXTS = ["a film to see twice", "dull", "not bad , not good"]


def make_base(folder: Path) -> Path:
    """Save a small random BERT of transformers, with letters for its vocabulary."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", "."]
    words = [*marks, *letters, *(f"##{letter}" for letter in letters)]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def harness(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def read_by_harness(checkpoint: object) -> torch.Tensor:
    name = ModelName(adapter="bert", checkpoint=str(checkpoint))
    adapter = load(name, LoadSettings())
    encoded = adapter.encode([Classify(text=text, labels=LABELS) for text in TEXTS])
    answers: dict[int, Any] = dict(
        adapter.session().answer(encoded, Budget(tokens=512))
    )
    assert all(isinstance(answer, ClassifyAnswer) for answer in answers.values())
    return torch.tensor([answers[item.key].probabilities for item in encoded])


@torch.inference_mode()
def read_by_transformers(folder: Path) -> torch.Tensor:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    logits: torch.Tensor = model(**batch).logits
    return logits.softmax(-1)


@pytest.mark.slow
def test_a_trained_checkpoint_is_exported_and_loads_with_equal_answers(
    tmp_path: Path,
) -> None:
    torch.set_num_threads(1)
    base, store, out = (
        make_base(tmp_path / "base"),
        tmp_path / "s.sqlite",
        tmp_path / "m",
    )
    regime = "finetune:full,train_examples=16,epochs=1"
    harness(
        *("run", "--model", f"bert:{base}", "--task", "glue/sst2", "--data", "sample"),
        *("--regime", regime, "--limit", 20, "--device", "cpu", "--store", store),
    )
    told = harness(
        *("export", "checkpoint", "--task", "glue/sst2", "--out", out),
        *("--store", store),
    )
    assert told.endswith(f"{out}, with 1 results in its card\n")
    ours, theirs = read_by_harness(out), read_by_transformers(out)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_an_adapter_is_exported_alone_and_merged_with_its_base(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    base, store = make_base(tmp_path / "base"), tmp_path / "s.sqlite"
    regime = "finetune:lora,train_examples=16,epochs=1,learning_rate=0.1"
    harness(
        *("run", "--model", f"bert:{base}", "--task", "glue/sst2", "--data", "sample"),
        *("--regime", regime, "--limit", 20, "--device", "cpu", "--store", store),
    )
    words = ("export", "checkpoint", "--task", "glue/sst2", "--store", store, "--out")
    harness(*words, tmp_path / "adapter")
    harness(*words, tmp_path / "whole", "--merge")
    ours = read_by_harness(f"{base}+{tmp_path / 'adapter'}")
    assert torch.allclose(ours, read_by_transformers(tmp_path / "whole"), atol=1e-5)
    card = (tmp_path / "adapter" / "README.md").read_text("utf-8")
    assert "library_name: peft" in card
    assert f"An adapter for `{base}`" in card
