"""Pseudo-perplexity is a task of its own, which masked models alone are asked."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import UsageError
from harness.api import run
from harness.plan.planner import make_plan
from harness.plugins import load_plugins
from harness.suite import make_suite
from harness_text.rows import TASKS
from harness_torch.tokenizers.word_hash import WordHashTokenizer

TASK = next(task for task in TASKS if task.id == "text/pseudo-perplexity")
TEXT = "it rained all day in march and nobody went out"


def test_it_offers_no_likelihood() -> None:
    (way,) = TASK.formulations()
    assert (way.name, way.asks.__name__) == ("pseudo-likelihood", "PseudoLikelihood")


@torch.inference_mode()
def expected(model: Any, ids: list[int]) -> float:
    """Return the sum of transformers' log-probabilities, each token masked in turn."""
    nats = 0.0
    for place in range(1, len(ids) - 1):
        masked = torch.tensor([[*ids[:place], 3, *ids[place + 1 :]]])
        logits = model(masked).logits[0, place]
        nats += float(logits.log_softmax(-1)[ids[place]])
    return nats


def test_a_masked_model_scores_any_text_file(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=90,
        hidden_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=24,
    )
    model = transformers.BertForMaskedLM(config).eval()
    model.save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "word_hash.json").write_text('{"vocab_size": 90}')
    (tmp_path / "text.txt").write_text(TEXT)
    (cell,) = run(
        models=[f"bert:{tmp_path / 'model'}"],
        tasks=[TASK.id],
        data=f"text:{tmp_path / 'text.txt'}",
        store=str(tmp_path / "store.db"),
    ).cells
    (row,) = WordHashTokenizer(size=90, length=99).encode([(TEXT, None)])
    bits = -expected(model, row.ids) / len(TEXT) / math.log(2)
    assert (cell.status, cell.formulation) == ("done", "pseudo-likelihood")
    assert cell.score == pytest.approx(bits, abs=1e-5)


def test_models_that_answer_a_likelihood_are_told_apart() -> None:
    suite = make_suite({"models": ["gpt:tiny"], "tasks": [TASK.id], "data": "sample"})
    with pytest.raises(UsageError, match="zero-shot needs one of PseudoLikelihood"):
        make_plan(suite, load_plugins())


def test_an_n_gram_model_answers_no_pseudo_likelihood(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    data = f"text:{tmp_path / 'a.txt'},train={tmp_path / 'a.txt'}"
    suite = make_suite({"models": ["ngram:"], "tasks": [TASK.id], "data": data})
    with pytest.raises(UsageError, match="it says the likelihood of texts"):
        make_plan(suite, load_plugins())
