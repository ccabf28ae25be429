"""Texts and last words: what is asked, and what simplest and best answers are."""

from __future__ import annotations

import math

import pytest

from harness import (
    Data,
    Example,
    LanguageModelling,
    LastWord,
    Problem,
    Task,
    UsageError,
)
from harness.requests import (
    Likelihood,
    LikelihoodAnswer,
    Score,
    ScoreAnswer,
)
from harness.testing import check_task

PASSAGE = "He took the old lamp"


def _task(problem: Problem) -> Task:
    return Task(
        id="toy/prose",
        title="Prose",
        summary="how probable?",
        data=Data(hub=None, folder="f"),
        problem=problem,
        metrics=("document_perplexity",),
    )


def _example(problem: Problem, text: str = PASSAGE) -> Example:
    row = {"text": text}
    return Example(id="1", columns=row, target=problem.read_target(row))


TEXT = LanguageModelling()
LAST = LastWord()


def test_a_text_is_its_own_target() -> None:
    assert TEXT.read_target({"text": PASSAGE}) == PASSAGE


def test_a_text_is_asked_as_it_is_to_be_read() -> None:
    problem = LanguageModelling(asked=lambda row: str(row["text"]).lower())
    way, _ = problem.formulations(_task(problem))
    assert way.requests(_example(problem)) == (Likelihood(text=PASSAGE.lower()),)
    assert problem.reading(PASSAGE) == PASSAGE.lower()


def test_nats_and_tokens_are_the_prediction() -> None:
    way, _ = TEXT.formulations(_task(TEXT))
    answer = LikelihoodAnswer(nats=-3.5, token_count=4, word_count=5, byte_count=20)
    prediction = way.predict(_example(TEXT), (answer,))
    assert prediction.value == {"nats": -3.5, "tokens": 4}


def test_a_text_is_learnt_after_nothing() -> None:
    way, _ = TEXT.formulations(_task(TEXT))
    (learnt,) = way.target(_example(TEXT))
    assert learnt.request == Score(context="", choices=(PASSAGE,))
    assert getattr(learnt.answer, "is_greedy", None) == (True,)


def test_an_encoder_decoder_is_asked_for_the_text_as_target_of_nothing() -> None:
    _, way = TEXT.formulations(_task(TEXT))
    assert way.name == "target-likelihood"
    assert way.requests(_example(TEXT)) == (Score(context="", choices=(PASSAGE,)),)
    answer = ScoreAnswer(
        log_probabilities=(-9.0,),
        is_greedy=(False,),
        token_counts=(6,),
        byte_counts=(1,),
    )
    value = way.predict(_example(TEXT), (answer,)).value
    assert value == {"nats": -9.0, "tokens": 6}


def test_the_simplest_model_has_8_bits_a_byte() -> None:
    (said,) = TEXT.majority([_example(TEXT, "é")], [])
    assert said == {"nats": -2 * math.log(256), "tokens": 2}
    assert TEXT.guess([_example(TEXT, "é")], 1) == [said]


def test_no_likelihood_is_perfect() -> None:
    with pytest.raises(UsageError, match="a text has no right likelihood that an ora"):
        TEXT.perfect([])
    way, _ = TEXT.formulations(_task(TEXT))
    with pytest.raises(UsageError, match="the likelihood of example '1' has no right"):
        way.answer_for(_example(TEXT))


@pytest.mark.parametrize("problem", [TEXT, LAST], ids=["text", "last word"])
def test_the_task_keeps_the_contract(problem: Problem) -> None:
    examples = [_example(problem), _example(problem, "Then she lit it")]
    second = Example(id="2", columns=examples[1].columns, target=examples[1].target)
    check_task(_task(problem), [examples[0], second])


def test_the_last_word_is_asked_after_all_before_it() -> None:
    # as lambada_openai of lm-evaluation-harness: the space belongs to the word
    (way,) = LAST.formulations(_task(LAST))
    asked = Score(context="He took the old", choices=(" lamp",))
    assert way.requests(_example(LAST)) == (asked,)


def test_the_last_word_is_learnt_after_all_before_it() -> None:
    (way,) = LAST.formulations(_task(LAST))
    (learnt,) = way.target(_example(LAST))
    assert learnt.request == Score(context="He took the old", choices=(" lamp",))
    assert getattr(learnt.answer, "is_greedy", None) == (True,)


def test_the_last_word_is_predicted_with_its_likelihood() -> None:
    (way,) = LAST.formulations(_task(LAST))
    answer = ScoreAnswer(
        log_probabilities=(-1.5,),
        is_greedy=(True,),
        token_counts=(2,),
        byte_counts=(5,),
    )
    value = way.predict(_example(LAST), (answer,)).value
    assert value == {"nats": -1.5, "tokens": 2, "is_greedy": True}


def test_a_last_word_of_equal_bytes_is_not_greedy() -> None:
    (said,) = LAST.majority([_example(LAST, "the lamp")], [])
    assert said == {"nats": -5 * math.log(256), "tokens": 5, "is_greedy": False}


@pytest.mark.parametrize("text", ["lamp", "the lamp ", " lamp"])
def test_a_passage_without_a_last_word_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no last word after another one"):
        LAST.read_target({"text": text})
