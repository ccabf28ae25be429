"""Answers that stand in a text: targets, baselines, and the head that finds them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import Data, DataError, Example, Prompt, Row, SpanAnswer, Task
from harness.formulations import Formulation
from harness.requests import Extract, ExtractAnswer, JsonValue
from harness.testing import check_task

CONTEXT = "Ada met Boris. Later Ada left."
PROBLEM = SpanAnswer()
OPEN = SpanAnswer(may_be_unanswerable=True)


def row(texts: list[JsonValue], starts: list[JsonValue]) -> Row:
    return {
        "question": "Who left?",
        "context": CONTEXT,
        "answers": {"text": texts, "answer_start": starts},
    }


def task(problem: SpanAnswer) -> Task:
    return Task(
        id="toy/spans",
        title="Spans",
        summary="who was it?",
        data=Data(hub=None, folder="f"),
        problem=problem,
        metrics=("squad_f1",),
        prompts={"plain": Prompt(text="{context} {question}")},
    )


def head(problem: SpanAnswer = OPEN) -> Formulation:
    return task(problem).formulations()[0]


def example(texts: list[JsonValue], starts: list[JsonValue]) -> Example:
    columns = row(texts, starts)
    return Example(id="q1", columns=columns, target=OPEN.read_target(columns))


def test_the_target_is_every_acceptable_text() -> None:
    assert PROBLEM.read_target(row(["Ada", "Later Ada"], [21, 15])) == [
        "Ada",
        "Later Ada",
    ]


def test_no_answer_is_a_target_of_one_empty_text() -> None:
    assert OPEN.read_target(row([], [])) == [""]


def test_a_row_without_answers_is_unlabelled() -> None:
    assert OPEN.read_target({"answers": None}) is None


def test_a_question_that_must_have_an_answer_is_refused_without() -> None:
    with pytest.raises(ValueError, match=r"^no answer, expected one text or more"):
        PROBLEM.read_target(row([], []))


@pytest.mark.parametrize("answers", ["Ada", {"text": "Ada"}, {"text": [""]}, {}])
def test_answers_of_another_form_are_refused(answers: JsonValue) -> None:
    with pytest.raises(ValueError, match=r"expected texts that are not empty, as a"):
        OPEN.read_target({"answers": answers})


def test_the_majority_is_no_answer_where_there_may_be_none() -> None:
    assert OPEN.majority([example(["Ada"], [0])], []) == [""]


def test_the_majority_is_the_whole_text_where_there_is_an_answer() -> None:
    assert PROBLEM.majority([example(["Ada"], [0])], []) == [CONTEXT]


def test_a_guess_is_a_stretch_of_the_text_or_no_answer() -> None:
    one = example(["Ada"], [0])
    guesses = [str(OPEN.guess([one], seed)[0]) for seed in range(50)]
    assert all(guess in CONTEXT for guess in guesses)
    assert 10 < guesses.count("") < 40
    assert "" not in [PROBLEM.guess([one], seed)[0] for seed in range(50)]


def test_a_perfect_prediction_is_the_first_text() -> None:
    examples = [example(["Ada", "Later Ada"], [21, 15]), example([], [])]
    assert OPEN.perfect(examples) == ["Ada", ""]


def test_the_task_keeps_the_contract() -> None:
    examples = [
        example(["Ada"], [0]),
        replace(
            example([], []),
            id="q2",
            columns={**row([], []), "question": "Who slept?"},
        ),
    ]
    check_task(task(OPEN), examples)


def test_the_head_asks_for_its_best_spans() -> None:
    assert head().requests(example(["Ada"], [0])) == (
        Extract(question="Who left?", context=CONTEXT, n_best=5),
    )


@pytest.mark.parametrize(
    ("none", "problem", "value"),
    [(2.0, OPEN, "Ada"), (2.1, OPEN, ""), (2.1, PROBLEM, "Ada")],
)
def test_no_answer_wins_where_it_scores_above_the_best_span(
    none: float, problem: SpanAnswer, value: str
) -> None:
    answer = ExtractAnswer(text="Ada", start=0, score=2.0, no_answer_score=none)
    found = head(problem).predict(example(["Ada"], [0]), (answer,))
    assert found.value == value
    assert found.detail["no_answer"] == pytest.approx(none - 2.0)


def test_a_higher_threshold_keeps_more_answers() -> None:
    answer = ExtractAnswer(text="Ada", start=0, score=2.0, no_answer_score=4.0)
    way = head(replace(OPEN, threshold=2.0))
    assert way.predict(example(["Ada"], [0]), (answer,)).value == "Ada"


def test_the_length_of_the_list_is_the_problem_s_to_say() -> None:
    (request,) = head(replace(OPEN, n_best=20)).requests(example(["Ada"], [0]))
    assert isinstance(request, Extract)
    assert request.n_best == 20


def test_the_detail_lists_the_best_spans() -> None:
    answer = ExtractAnswer(
        text="Ada",
        start=0,
        score=2.0,
        no_answer_score=1.0,
        n_best_texts=("Ada", "Boris"),
        n_best_starts=(0, 8),
        n_best_scores=(2.0, 0.5),
    )
    assert head().predict(example(["Ada"], [0]), (answer,)).detail["spans"] == [
        {"text": "Ada", "start": 0, "score": 2.0},
        {"text": "Boris", "start": 8, "score": 0.5},
    ]


@pytest.mark.parametrize(
    ("told", "place"), [([21], 21), ([0], 0), ([20], 21), ([23], 21), ([2], 0), ([], 0)]
)
def test_an_answer_is_trained_at_its_place_or_the_nearest(
    told: list[JsonValue], place: int
) -> None:
    (trained,) = head().target(example(["Ada"], told))
    assert isinstance(trained.answer, ExtractAnswer)
    assert trained.answer.start == place


def test_no_answer_is_trained_as_no_place() -> None:
    (trained,) = head().target(example([], []))
    assert isinstance(trained.answer, ExtractAnswer)
    assert (trained.answer.text, trained.answer.start) == ("", None)


def test_an_answer_that_the_text_does_not_hold_can_not_be_trained() -> None:
    with pytest.raises(DataError) as error:
        head().target(example(["Clara"], [3]))
    assert str(error.value) == (
        "the context of example 'q1' does not hold its answer 'Clara', expected it "
        "word for word: correct or remove the row"
    )
