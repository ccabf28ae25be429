"""How far answers may be apart, by the tolerances that the design sets."""

from __future__ import annotations

import math

import pytest

from harness import Head
from harness.agreement import compare
from harness.requests import (
    ANSWER_TYPES,
    REQUEST_TYPES,
    Answer,
    ClassifyAnswer,
    EmbedAnswer,
    ExtractAnswer,
    GenerateAnswer,
    LikelihoodAnswer,
    ScoreAnswer,
)
from harness.selftest import TEXTS, sample_requests


def score(*values: float) -> ScoreAnswer:
    return ScoreAnswer(
        log_probabilities=values,
        is_greedy=(False,) * len(values),
        token_counts=(1,) * len(values),
        byte_counts=(1,) * len(values),
    )


def nats(value: float) -> LikelihoodAnswer:
    return LikelihoodAnswer(nats=value, token_count=9, word_count=5, byte_count=30)


@pytest.mark.parametrize(
    ("one", "other", "is_within"),
    [
        (EmbedAnswer(vector=(1.0, 0.0)), EmbedAnswer(vector=(1.0, 0.9e-5)), True),
        (EmbedAnswer(vector=(1.0, 0.0)), EmbedAnswer(vector=(1.0, 1.1e-5)), False),
        (EmbedAnswer(vector=(50.0,)), EmbedAnswer(vector=(50.0004,)), True),
        (EmbedAnswer(vector=(50.0,)), EmbedAnswer(vector=(50.0006,)), False),
        (score(-30.0, -31.0), score(-30.00009, -31.0), True),
        (score(-30.0, -31.0), score(-30.00011, -31.0), False),
        (nats(-5000.0), nats(-5000.0049), True),
        (nats(-5000.0), nats(-5000.0051), False),
        (score(-1.0, -math.inf), score(-1.0, -math.inf), True),
        (score(-1.0, -math.inf), score(-1.0, -2.0), False),
        (score(-1.0, -2.0), score(-1.0, -math.inf), False),
        (nats(math.nan), nats(-5000.0), False),
        (nats(-5000.0), nats(math.nan), False),
        (nats(math.nan), nats(math.nan), False),
    ],
)
def test_numbers_may_differ_by_the_tolerance_of_their_kind(
    one: Answer, other: Answer, is_within: bool
) -> None:
    assert compare([one], [other]).is_within is is_within


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GenerateAnswer(text="a"), GenerateAnswer(text="b")),
        (GenerateAnswer(text="a"), GenerateAnswer(text="a", finish_reason="length")),
        (score(-1.0, -1.000001), score(-1.000001, -1.0)),
        (score(-1.0), score(-1.0, -2.0)),
        (ClassifyAnswer(probabilities=(0.5, 0.5)), GenerateAnswer(text="a")),
        (
            ExtractAnswer(text="a", start=0, score=1.0, no_answer_score=0.0),
            ExtractAnswer(text="a", start=5, score=1.0, no_answer_score=0.0),
        ),
    ],
)
def test_another_decision_is_another_answer(one: Answer, other: Answer) -> None:
    assert compare([one, one], [one, other]).changed == 1
    assert not compare([one], [other]).is_within


def test_the_largest_difference_is_told_with_its_share_of_the_limit() -> None:
    found = compare([score(-1.0), score(-2.0)], [score(-1.0), score(-2.00005)])
    assert found.largest == pytest.approx(5e-5)
    assert found.share == pytest.approx(0.5)
    assert found.answers == 2


def test_every_type_of_answer_can_be_compared() -> None:
    from harness.agreement import _RULES

    assert set(_RULES) == set(ANSWER_TYPES.values())


@pytest.mark.parametrize("name", sorted(REQUEST_TYPES))
def test_every_ability_has_requests_of_many_lengths(name: str) -> None:
    head = Head(kind="classify", labels=("no", "yes"))
    requests = sample_requests(REQUEST_TYPES[name], head)
    assert len({str(request) for request in requests}) == len(TEXTS)
    assert {type(request).__name__ for request in requests} == {name}
