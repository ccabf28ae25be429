"""Requests and answers as values and as JSON."""

from __future__ import annotations

import math

import pytest

from harness.requests import (
    ANSWER_TYPES,
    REQUEST_TYPES,
    Answer,
    ClassifyAnswer,
    EmbedAnswer,
    ExtractAnswer,
    Generate,
    GenerateAnswer,
    LikelihoodAnswer,
    Request,
    Score,
    ScoreAnswer,
    Tag,
    answer_from_json,
    request_from_json,
    request_key,
    to_json,
)

REQUESTS: list[Request] = [
    Score(context="é\n", choices=(" a", " b"), shorter=("x",)),
    Generate(prompt="p", stop=("\n",), max_tokens=3),
    Tag(words=("a", "b"), labels=("O",)),
]
ANSWERS: list[Answer] = [
    ScoreAnswer(
        log_probabilities=(-0.1, -2.0),
        is_greedy=(True, False),
        token_counts=(1, 2),
        byte_counts=(2, 4),
        tokens=9,
    ),
    GenerateAnswer(text="ü", finish_reason="length", truncated_tokens=2),
    ClassifyAnswer(probabilities=(0.25, 0.75), dropped_shots=1),
    ExtractAnswer(text="", start=None, score=-1.0, no_answer_score=3.0),
    EmbedAnswer(vector=(0.5, -0.5)),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_survives_json(request_: Request) -> None:
    assert request_from_json(to_json(request_)) == request_


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_survives_json(answer: Answer) -> None:
    assert answer_from_json(to_json(answer)) == answer


def test_equal_requests_have_one_key_and_others_another() -> None:
    same, other = Generate(prompt="a"), Generate(prompt="a", max_tokens=3)
    assert request_key(same) == request_key(Generate(prompt="a"))
    assert request_key(same) != request_key(other)


def test_the_type_is_part_of_the_key() -> None:
    from harness.requests import Embed, Likelihood

    assert request_key(Embed(text="a")) != request_key(Likelihood(text="a"))


def test_every_request_has_its_answer() -> None:
    assert {f"{name}Answer" for name in REQUEST_TYPES} == set(ANSWER_TYPES)


def test_perplexities_are_exponentials_of_the_mean_loss() -> None:
    # 6 bits of loss over 3 tokens, 2 words and 6 bytes, by hand
    answer = LikelihoodAnswer(
        nats=-6 * math.log(2), token_count=3, word_count=2, byte_count=6
    )
    assert answer.token_perplexity == pytest.approx(4)
    assert answer.word_perplexity == pytest.approx(8)
    assert answer.byte_perplexity == pytest.approx(2)
    assert answer.bits_per_byte == pytest.approx(1)


def test_a_perplexity_of_nothing_is_undefined() -> None:
    empty = LikelihoodAnswer(nats=0.0, token_count=0, word_count=0, byte_count=0)
    assert math.isnan(empty.token_perplexity)
    assert math.isnan(empty.bits_per_byte)


def test_a_perplexity_that_no_float_holds_is_infinite() -> None:
    hopeless = LikelihoodAnswer(nats=-1e9, token_count=1, word_count=1, byte_count=9)
    assert hopeless.token_perplexity == math.inf
