"""Blanks: how encoders and decoders are asked, baselines, and errors."""

from __future__ import annotations

import pytest

from harness import Blank, Data, Example, Prompt, Row, Task
from harness.requests import Fill, FillAnswer, Score
from harness.testing import ConformanceError, check_task


def with_blank(row: Row) -> str:
    return str(row["text"]).replace("<mask>", "{blank}")


PROBLEM = Blank(
    text=with_blank, inputs={"text": "text"}, candidates=lambda _: ("max", "min")
)
TASK = Task(
    id="toy/blank",
    title="Blank",
    summary="fill it",
    data=Data(hub=None, folder="f"),
    problem=PROBLEM,
    metrics=("accuracy",),
    prompts={"left": Prompt(text=lambda row: str(row["text"]).split(" <mask>")[0])},
)
EXAMPLES = [
    Example(id="1", columns={"text": "a = <mask> ( b )"}, target="max"),
    Example(id="2", columns={"text": "min of <mask> min"}, target="min"),
]


def test_an_encoder_fills_the_blank() -> None:
    cloze, _ = TASK.formulations()
    assert cloze.requests(EXAMPLES[0]) == (
        Fill(text="a = {blank} ( b )", candidates=("max", "min")),
    )
    answer = FillAnswer(probabilities=(0.2, 0.8))
    assert cloze.predict(EXAMPLES[0], (answer,)).value == "min"


def test_a_decoder_ranks_the_candidates() -> None:
    _, rank = TASK.formulations()
    assert rank.requests(EXAMPLES[0]) == (
        Score(context="a =", choices=(" max", " min")),
    )


def test_the_task_keeps_the_contract() -> None:
    check_task(TASK, EXAMPLES)


def test_the_blank_is_no_placeholder_but_others_are() -> None:
    problem = Blank(
        text=lambda row: f"{{blank}} {{code}} {row['text']}",
        inputs={"text": "text"},
        candidates=lambda _: ("max", "min"),
    )
    task = Task(
        id="toy/blank",
        title="Blank",
        summary="fill it",
        data=TASK.data,
        problem=problem,
        metrics=("accuracy",),
    )
    with pytest.raises(ConformanceError, match=r"the placeholder \{code\} left in"):
        check_task(task, EXAMPLES)


def test_majority_is_the_candidate_that_stands_most_often() -> None:
    assert PROBLEM.majority(EXAMPLES, []) == ["min", "min"]


def test_a_guess_is_a_candidate() -> None:
    draws = {PROBLEM.guess(EXAMPLES[:1], seed)[0] for seed in range(9)}
    assert draws == {"max", "min"}


def test_a_row_without_its_word_is_unlabelled() -> None:
    assert PROBLEM.read_target({"text": "<mask>"}) is None


def test_a_word_that_is_no_candidate_is_refused() -> None:
    with pytest.raises(ValueError, match="answer 'sum', expected one of 2 candidates"):
        PROBLEM.read_target({"text": "<mask>", "answer": "sum"})


def test_a_trained_model_learns_the_right_word() -> None:
    cloze, _ = TASK.formulations()
    (example,) = cloze.target(EXAMPLES[1])
    assert example.answer == FillAnswer(probabilities=(0.0, 1.0))
