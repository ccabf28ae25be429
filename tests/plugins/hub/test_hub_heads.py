"""Trained heads through `hub:`: the reference's probabilities, training, saving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import Head, LoadSettings, ModelName, PluginError
from harness.agreement import ask
from harness.model import Trainable, TrainingExample
from harness.requests import (
    Answer,
    Classify,
    ClassifyAnswer,
    Embed,
    Regress,
    RegressAnswer,
    Request,
)
from harness.testing import check_adapter
from harness_hub.adapter import HubAdapter
from harness_hub.plugin import describe, load

Make = Callable[..., Any]
Open = Callable[..., HubAdapter]
NAMES = {0: "bad", 1: "fair", 2: "good"}
LABELS = tuple(NAMES.values())
HEAD = Head(kind="classify", labels=("no", "yes"))
PAIRS = (
    ("The cat sat on the mat.", None),
    ("yes", "no of course it is"),
    ("Prices rose in 1969 and fell again; a man is playing a guitar.", "two"),
    ("", None),
)
ALL = (
    "ElectraForSequenceClassification",
    "DebertaV2ForSequenceClassification",
    "ModernBertForSequenceClassification",
    "BertForSequenceClassification",
    "GPT2ForSequenceClassification",
    "BartForSequenceClassification",
)


def answers(adapter: HubAdapter, requests: Sequence[Request]) -> list[Any]:
    found: list[Answer] = ask(adapter, requests, 4096)
    return found


@pytest.mark.parametrize("architecture", ALL)
@torch.inference_mode()
def test_classes_get_the_probabilities_of_transformers(
    architecture: str, make: Make, open_model: Open
) -> None:
    made = make(architecture, id2label=NAMES, label2id={v: k for k, v in NAMES.items()})
    asked = [Classify(text=a, pair=b, labels=LABELS[::-1]) for a, b in PAIRS]
    found = check_adapter(open_model(made.folder), asked)
    for (text, pair), answer in zip(PAIRS, found, strict=True):
        inputs = made.tokenizer(text, pair, return_tensors="pt")
        logits = made.module(**inputs).logits[0]
        expected = logits.softmax(-1).flip(0).tolist()
        assert isinstance(answer, ClassifyAnswer)
        assert answer.probabilities == pytest.approx(expected, abs=1e-5)


@torch.inference_mode()
def test_one_output_is_a_value(make: Make, open_model: Open) -> None:
    made = make("ElectraForSequenceClassification", num_labels=1)
    (answer,) = answers(open_model(made.folder), [Regress(text="The cat sat.")])
    logits = made.module(**made.tokenizer("The cat sat.", return_tensors="pt")).logits
    assert answer.value == pytest.approx(float(logits), abs=1e-5)


def examples(count: int = 24) -> list[TrainingExample]:
    """Return texts whose label is whether a cat or a guitar is in them."""
    words = ("the", "sat", "on", "two", "rose")
    made = []
    for place in range(count):
        noun = ("guitar", "cat")[place % 2]
        text = " ".join([words[place % 5], noun, words[(place * 3) % 5]])
        right = tuple(float(label == place % 2) for label in range(2))
        made.append(
            TrainingExample(
                request=Classify(text=text, labels=HEAD.labels),
                answer=ClassifyAnswer(probabilities=right),
            )
        )
    return made


def train(adapter: HubAdapter, shown: Sequence[TrainingExample]) -> list[float]:
    module = adapter.prepare(HEAD, seed=4)
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    batch = adapter.encode_training(shown)
    losses = []
    module.eval()
    for _ in range(25):
        loss = adapter.loss(batch)
        loss.total.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.total.detach()) / loss.count)
    return losses


@pytest.mark.parametrize(
    "architecture", ["DebertaV2ForMaskedLM", "GPT2LMHeadModel", "ElectraForPreTraining"]
)
def test_a_head_is_trained_saved_and_loaded_again(
    architecture: str, make: Make, open_model: Open, tmp_path: Path
) -> None:
    adapter = open_model(make(architecture).folder)
    shown = examples()
    losses = train(adapter, shown)
    asked = [example.request for example in shown]
    before = answers(adapter, asked)
    adapter.save(tmp_path)
    after = answers(open_model(tmp_path), asked)
    assert losses[-1] < 0.5 * losses[0]
    for one, other in zip(before, after, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_a_saved_head_says_its_labels(
    make: Make, open_model: Open, tmp_path: Path
) -> None:
    adapter = open_model(make("DebertaV2ForMaskedLM").folder)
    adapter.prepare(HEAD, seed=1)
    adapter.save(tmp_path)
    card = describe(ModelName(adapter="hub", checkpoint=str(tmp_path)))
    assert card.head == HEAD
    assert card.abilities == frozenset({Classify})


def test_the_loss_and_its_gradient_are_those_of_transformers(
    make: Make, open_model: Open
) -> None:
    adapter = open_model(make("DebertaV2ForMaskedLM").folder)
    module = adapter.prepare(HEAD, seed=4)
    module.eval()
    shown = examples(6)
    loss = adapter.loss(adapter.encode_training(shown))
    texts = [example.request.text for example in shown]  # type: ignore[union-attr] # all are Classify
    inputs = adapter.tokenizer.library(texts, padding=True, return_tensors="pt")
    expected = module(**inputs, labels=torch.tensor([0, 1] * 3)).loss
    assert loss.total.item() / loss.count == pytest.approx(expected.item(), abs=1e-6)
    weights = list(module.parameters())
    ours = torch.autograd.grad(loss.total / loss.count, weights, allow_unused=True)
    theirs = torch.autograd.grad(expected, weights, allow_unused=True)
    for left, right in zip(ours, theirs, strict=True):
        assert (left is None) is (right is None)
        assert left is None or torch.allclose(left, right, atol=1e-6)


def test_dropout_does_not_keep_rows_apart(make: Make, open_model: Open) -> None:
    adapter = open_model(make("DebertaV2ForMaskedLM").folder)
    module = adapter.prepare(HEAD, seed=4)
    batch = adapter.encode_training(examples(6))
    module.train()
    adapter.loss(batch)  # looks whether padding matters
    forwards: list[None] = []
    module.register_forward_hook(lambda *_: forwards.append(None))
    adapter.loss(batch)
    assert len({len(item.ids) for item in batch}) > 1
    assert (len(forwards), module.training) == (1, True)


def test_a_value_is_trained(make: Make, open_model: Open) -> None:
    adapter = open_model(make("DebertaV2ForMaskedLM").folder)
    adapter.prepare(Head(kind="regress"), seed=1)
    shown = TrainingExample(
        request=Regress(text="the cat"), answer=RegressAnswer(value=3.0)
    )
    (value,) = answers(adapter, [shown.request])
    loss = adapter.loss(adapter.encode_training([shown]))
    assert loss.total.item() == pytest.approx((value.value - 3.0) ** 2, rel=1e-4)


def test_a_seed_decides_the_head_alone(make: Make, open_model: Open) -> None:
    folder = make("DebertaV2ForMaskedLM").folder
    first, again, other = (
        dict(open_model(folder).prepare(HEAD, seed=seed).named_parameters())
        for seed in (1, 1, 2)
    )
    differing = {n for n, p in first.items() if not torch.equal(p, other[n])}
    assert all(torch.equal(p, again[n]) for n, p in first.items())
    assert differing == {"classifier.weight", "pooler.dense.weight"}


def test_training_in_low_precision_keeps_whole_weights(make: Make) -> None:
    name = ModelName(adapter="hub", checkpoint=str(make("DebertaV2ForMaskedLM").folder))
    adapter = load(name, LoadSettings(dtype="bf16"))
    assert adapter.module.dtype == torch.bfloat16
    adapter.prepare(HEAD, seed=1)
    assert adapter.module.dtype == torch.float32
    assert isinstance(adapter, Trainable)


def test_a_trained_model_is_not_trained_again(make: Make, open_model: Open) -> None:
    adapter = open_model(make("DebertaV2ForMaskedLM").folder)
    adapter.prepare(HEAD, seed=1)
    with pytest.raises(PluginError, match="was already trained: load it again"):
        adapter.prepare(HEAD, seed=1)


def test_a_head_of_another_kind_is_refused(make: Make, open_model: Open) -> None:
    adapter = open_model(make("DebertaV2ForMaskedLM").folder)
    with pytest.raises(PluginError, match="can't have a 'tag' head"):
        adapter.prepare(Head(kind="tag"), seed=1)


def test_a_head_asked_something_else_says_what_it_answers(
    make: Make, open_model: Open
) -> None:
    adapter = open_model(make("ElectraForSequenceClassification").folder)
    with pytest.raises(PluginError, match="was asked a Embed request"):
        adapter.encode([Embed(text="yes")])
