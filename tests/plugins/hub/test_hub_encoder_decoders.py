"""Encoder-decoders through `hub:` say what transformers says of one text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from harness import UsageError
from harness.agreement import ask
from harness.requests import Answer, Embed, Generate, Request, Score
from harness.selftest import sample_requests
from harness.testing import check_adapter
from harness_hub.adapter import HubAdapter

Make = Callable[..., Any]
Open = Callable[..., HubAdapter]
ALL = ("BartForConditionalGeneration", "T5ForConditionalGeneration", "MarianMTModel")
CHOICES = (" yes", " of course", "")
CONTEXTS = ("The cat sat", "Prices rose in 1969 and a man is playing a guitar ")


def answers(adapter: HubAdapter, requests: Sequence[Request]) -> list[Any]:
    found: list[Answer] = ask(adapter, requests, 4096)
    return found


def log_probability(made: Any, source: str, target: str) -> float:
    tokenizer, start = made.tokenizer, made.module.config.decoder_start_token_id
    ids = tokenizer.encode(target, add_special_tokens=False)
    logits = made.module(
        input_ids=torch.tensor([tokenizer.encode(source)]),
        decoder_input_ids=torch.tensor([[start, *ids[:-1]]]),
    ).logits[0]
    rows = logits.double().log_softmax(-1)
    return float(rows[range(len(ids)), ids].sum())


@pytest.mark.parametrize("architecture", ALL)
@torch.inference_mode()
def test_choices_get_the_log_probabilities_of_transformers(
    architecture: str, make: Make, open_model: Open
) -> None:
    made = make(architecture)
    asked = [Score(context=context, choices=CHOICES) for context in CONTEXTS]
    found = answers(open_model(made.folder), asked)
    expected = [
        log_probability(
            made, context.rstrip(), context[len(context.rstrip()) :] + choice
        )
        if context.endswith(" ") or choice
        else 0.0
        for context in CONTEXTS
        for choice in CHOICES
    ]
    values = [value for answer in found for value in answer.log_probabilities]
    assert values == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("architecture", ALL)
@pytest.mark.parametrize("ability", [Score, Generate, Embed])
def test_answers_do_not_depend_on_the_batch(
    architecture: str, ability: type[Request], make: Make, open_model: Open
) -> None:
    requests = sample_requests(ability, None)[:8]
    check_adapter(open_model(make(architecture).folder), requests)


@pytest.mark.parametrize("architecture", ALL)
@pytest.mark.parametrize("beams", [1, 3])
@torch.inference_mode()
def test_texts_are_transformed_as_transformers_does_one_by_one(
    architecture: str, beams: int, make: Make, open_model: Open
) -> None:
    made = make(architecture)
    texts = [request.prompt for request in sample_requests(Generate, None)[:6]]  # type: ignore[union-attr] # all are Generate
    expected = []
    for text in texts:
        ids = made.tokenizer(
            text, truncation=True, max_length=64, return_tensors="pt"
        ).input_ids
        written = made.module.generate(
            ids, max_new_tokens=8, num_beams=beams, do_sample=False
        )
        expected.append(made.tokenizer.decode(written[0, 1:], skip_special_tokens=True))
    asked = [Generate(prompt=text, max_tokens=8, beams=beams) for text in texts]
    adapter = open_model(made.folder, length="64")
    assert [answer.text for answer in answers(adapter, asked)] == expected


def test_a_source_too_long_is_cut_at_its_end_and_counted(
    make: Make, open_model: Open
) -> None:
    made = make("BartForConditionalGeneration")
    text = "yes " * 80
    whole = made.tokenizer.encode(text)
    (encoded,) = open_model(made.folder).encode([Generate(prompt=text)])
    assert encoded.ids == [*whole[:63], 1]
    assert encoded.truncated_tokens == len(whole) - 64


@torch.inference_mode()
def test_a_vector_is_the_mean_of_the_encoders_states(
    make: Make, open_model: Open
) -> None:
    made = make("T5ForConditionalGeneration")
    (answer,) = answers(open_model(made.folder), [Embed(text="The cat sat.")])
    ids = torch.tensor([made.tokenizer.encode("The cat sat.")])
    states = made.module.encoder(ids).last_hidden_state[0]
    assert answer.vector == pytest.approx(states.mean(0).tolist(), abs=1e-5)


def test_beams_that_are_drawn_are_refused(make: Make, open_model: Open) -> None:
    asked = Generate(prompt="yes", beams=2, temperature=1.0)
    with pytest.raises(UsageError, match="2 beams at temperature 1"):
        answers(open_model(make("T5ForConditionalGeneration").folder), [asked])


def test_nothing_is_written_where_nothing_may_be(make: Make, open_model: Open) -> None:
    adapter = open_model(make("T5ForConditionalGeneration").folder)
    (answer,) = answers(adapter, [Generate(prompt="yes", max_tokens=0)])
    assert (answer.text, answer.finish_reason) == ("", "length")
