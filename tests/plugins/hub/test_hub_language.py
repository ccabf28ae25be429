"""Any model of transformers that writes, trained: the loss is its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from harness import (
    CheckpointError,
    Head,
    LoadSettings,
    ModelName,
    PluginError,
    UsageError,
)
from harness.agreement import ask
from harness.model import TrainingExample
from harness.requests import (
    Choose,
    ChooseAnswer,
    Extract,
    ExtractAnswer,
    Generate,
    GenerateAnswer,
    Score,
    ScoreAnswer,
)
from harness_hub.adapter import HubAdapter
from harness_hub.plugin import describe, load

Make = Callable[..., Any]
Open = Callable[..., HubAdapter]
LANGUAGE = Head(kind="language")
DECODERS = ("GPT2LMHeadModel", "Gemma2ForCausalLM", "OPTForCausalLM")
WRITERS = (
    "T5ForConditionalGeneration",
    "BartForConditionalGeneration",
    "MarianMTModel",
)
SAID = [("The cat", " sat on the mat"), ("two women", " listen."), ("", "yes")]


def written(prompt: str, text: str) -> TrainingExample:
    return TrainingExample(
        request=Generate(prompt=prompt), answer=GenerateAnswer(text=text)
    )


def number(value: Tensor) -> float:
    return float(value.detach())


def padded(rows: list[list[int]], fill: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def name_of(folder: Path) -> ModelName:
    return ModelName(adapter="hub", checkpoint=str(folder))


def causal(made: Any, end: int) -> dict[str, Tensor]:
    """Return what transformers' own class is trained with, prompts masked."""
    library, start = made.tokenizer, made.tokenizer.bos_token_id
    read = [library(prompt)["input_ids"] or [start] for prompt, _ in SAID]
    said = [[*library(text)["input_ids"], end] for _, text in SAID]
    rows = [(a, b) for a, b in zip(read, said, strict=True)]
    return {
        "input_ids": padded([a + b for a, b in rows], 0),
        "attention_mask": padded([[1] * len(a + b) for a, b in rows], 0),
        "labels": padded([[-100] * len(a) + b for a, b in rows], -100),
    }


def two_stacks(made: Any, end: int) -> dict[str, Tensor]:
    library = made.tokenizer
    read = [library(prompt)["input_ids"] for prompt, _ in SAID]
    said = [
        [*library(text.lstrip(), add_special_tokens=False)["input_ids"], end]
        for _, text in SAID
    ]
    return {
        "input_ids": padded(read, 0),
        "attention_mask": padded([[1] * len(row) for row in read], 0),
        "labels": padded(said, -100),
    }


@pytest.mark.parametrize("architecture", [*DECODERS, *WRITERS])
def test_loss_and_gradient_are_those_of_transformers(
    architecture: str, make: Make, open_model: Open
) -> None:
    made = make(architecture)
    model = open_model(made.folder)
    module: Any = model.prepare(LANGUAGE, seed=1)
    module.eval()
    end = made.module.config.eos_token_id
    batch = (causal if architecture in DECODERS else two_stacks)(made, end)
    loss = model.loss(model.encode_training([written(*pair) for pair in SAID]))
    assert loss.count == int((batch["labels"] >= 0).sum())
    expected = module(**batch).loss
    mean = loss.total / loss.count
    assert number(mean) == pytest.approx(number(expected), abs=1e-5)
    weights = list(module.parameters())
    ours = torch.autograd.grad(mean, weights, allow_unused=True)
    theirs = torch.autograd.grad(expected, weights, allow_unused=True)
    for left, right in zip(ours, theirs, strict=True):
        none = torch.zeros(1)
        assert torch.allclose(
            none if left is None else left,
            none if right is None else right,
            atol=1e-6,
        )


@pytest.mark.parametrize("architecture", ["Gemma2ForCausalLM", "MarianMTModel"])
def test_dropout_does_not_change_how_rows_are_taken(
    architecture: str, make: Make, open_model: Open
) -> None:
    model = open_model(make(architecture).folder)
    module = model.prepare(LANGUAGE, seed=1)
    encoded = model.encode_training([written(*pair) for pair in SAID])
    module.train()
    model.loss(encoded)
    assert module.training
    module.eval()
    parts = [number(model.loss([item]).total) for item in encoded]
    assert number(model.loss(encoded).total) == pytest.approx(sum(parts), rel=1e-5)


@pytest.mark.parametrize(
    "architecture", ["GPT2LMHeadModel", "T5ForConditionalGeneration"]
)
def test_a_choice_is_trained_as_it_is_scored(
    architecture: str, make: Make, open_model: Open
) -> None:
    model = open_model(make(architecture).folder)
    model.prepare(LANGUAGE, seed=1)
    answer = ScoreAnswer(
        log_probabilities=(0.0, 0.0),
        is_greedy=(False, True),
        token_counts=(1, 1),
        byte_counts=(1, 1),
    )
    request = Score(context="is it? ", choices=("yes", "of course"))
    example = TrainingExample(request=request, answer=answer)
    loss = model.loss(model.encode_training([example]))
    (told,) = ask(model, [request], 4096)
    assert isinstance(told, ScoreAnswer)
    assert -number(loss.total) == pytest.approx(told.log_probabilities[1], abs=1e-4)


@pytest.mark.parametrize(
    "architecture", ["GPT2LMHeadModel", "T5ForConditionalGeneration"]
)
def test_texts_are_learnt_saved_and_written_by_what_is_loaded(
    architecture: str, make: Make, open_model: Open, tmp_path: Path
) -> None:
    model = open_model(make(architecture).folder)
    module = model.prepare(LANGUAGE, seed=1)
    module.eval()
    encoded = model.encode_training([written(*pair) for pair in SAID])
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-2)
    for _ in range(60):
        loss = model.loss(encoded)
        (loss.total / loss.count).backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save(tmp_path / "ours")
    again = open_model(tmp_path / "ours")
    requests = [Generate(prompt=prompt, max_tokens=12) for prompt, _ in SAID]
    told: list[Any] = ask(again, requests, 4096)
    assert [one.text.strip() for one in told] == [text.strip() for _, text in SAID]
    assert {one.finish_reason for one in told} == {"end"}
    assert describe(name_of(tmp_path / "ours")).abilities == set(again._abilities)


def test_what_ends_a_text_is_saved_as_the_base_had_it(
    make: Make, open_model: Open, tmp_path: Path
) -> None:
    made = make("GPT2LMHeadModel")
    model = open_model(made.folder)
    model.prepare(LANGUAGE, seed=1)
    model.save(tmp_path / "ours")
    name = "generation_config.json"
    assert (tmp_path / "ours" / name).read_bytes() == (made.folder / name).read_bytes()


def test_abilities_made_anew_still_know_what_ends_a_text(
    make: Make, open_model: Open
) -> None:
    model = open_model(make("GPT2LMHeadModel").folder)
    before = model.module.generation_config.eos_token_id
    model.refresh()
    assert model.module.generation_config.eos_token_id == before == 0


def test_training_in_low_precision_keeps_whole_weights(make: Make) -> None:
    name = name_of(make("GPT2LMHeadModel").folder)
    model = load(name, LoadSettings(dtype="bf16"))
    model.prepare(LANGUAGE, seed=1)
    assert model.module.dtype == torch.float32


def test_an_encoder_is_not_trained_to_write(make: Make, open_model: Open) -> None:
    model = open_model(make("ElectraForPreTraining").folder)
    model.prepare(LANGUAGE, seed=1)
    with pytest.raises(PluginError, match="has no output layer that says what comes"):
        model.encode_training([written("a", "b")])


def test_no_virtual_tokens_stand_before_what_a_decoder_goes_on_with(
    make: Make, open_model: Open
) -> None:
    model = open_model(make("GPT2LMHeadModel").folder)
    model.prepare(LANGUAGE, seed=1)
    with pytest.raises(UsageError, match="before which hub: puts no virtual tokens"):
        model.prompt(4)


@pytest.mark.parametrize(
    ("architecture", "more"),
    [
        ("GPT2LMHeadModel", {"language"}),
        ("MarianMTModel", {"language"}),
        ("DebertaV2ForMaskedLM", {"choose", "extract", "fill"}),
        ("ModernBertModel", {"choose", "extract"}),
        ("ElectraForSequenceClassification", set()),
    ],
)
def test_what_can_be_trained_follows_from_the_kind(
    architecture: str, more: set[str], make: Make
) -> None:
    card = describe(name_of(make(architecture).folder))
    assert card.trainable == {"classify", "regress", "tag"} | more


@pytest.mark.parametrize("architecture", ["DebertaV2ForMaskedLM", "ModernBertModel"])
def test_encoders_are_given_heads_that_choose(
    architecture: str, make: Make, open_model: Open, tmp_path: Path
) -> None:
    model = open_model(make(architecture).folder)
    module = model.prepare(Head(kind="choose"), seed=1)
    module.eval()
    request = Choose(context="The cat", choices=("sat on the mat", "is two", "yes"))
    right = ChooseAnswer(scores=(0.0, 1.0, 0.0))
    example = TrainingExample(request=request, answer=right)
    loss = model.loss(model.encode_training([example]))
    (told,) = ask(model, [request], 4096)
    assert isinstance(told, ChooseAnswer)
    expected = -torch.tensor(told.scores).log_softmax(0)[1]
    assert number(loss.total) == pytest.approx(float(expected), abs=1e-5)
    loss.total.backward()
    model.save(tmp_path)
    (again,) = ask(open_model(tmp_path), [request], 4096)
    assert isinstance(again, ChooseAnswer)
    assert again.scores == pytest.approx(told.scores, abs=1e-6)


@pytest.mark.parametrize("architecture", ["DebertaV2ForMaskedLM", "ModernBertModel"])
def test_encoders_are_given_heads_that_find_spans(
    architecture: str, make: Make, open_model: Open, tmp_path: Path
) -> None:
    model = open_model(make(architecture).folder)
    model.prepare(Head(kind="extract"), seed=1).eval()
    request = Extract(question="where?", context="The cat sat on the mat. yes")
    right = ExtractAnswer(text="mat", start=19, score=1, no_answer_score=0)
    example = TrainingExample(request=request, answer=right)
    loss = model.loss(model.encode_training([example]))
    loss.total.backward()
    assert loss.count == 1
    model.save(tmp_path)
    saved, own = (ask(one, [request], 4096)[0] for one in (open_model(tmp_path), model))
    assert isinstance(saved, ExtractAnswer)
    assert isinstance(own, ExtractAnswer)
    assert saved.text == own.text
    assert saved.score == pytest.approx(own.score, abs=1e-5)


def test_a_head_that_transformers_has_not_is_told_with_the_reason(
    make: Make, open_model: Open
) -> None:
    model = open_model(make("GPT2LMHeadModel").folder)
    with pytest.raises(
        CheckpointError, match=r"the weights of .* can't be loaded with"
    ):
        model.prepare(Head(kind="choose"), seed=1)
