"""The official files of SQuAD: answers and doubts, written and read back."""

from __future__ import annotations

import json

import pytest

from harness import DataError, Example, Prediction
from harness_squad.submission import AnswerFile, DoubtFile

ANSWERS, DOUBTS = AnswerFile(), DoubtFile()
EXAMPLES = [
    Example(id="q1", columns={}, target=["Zürich"]),
    Example(id="q2", columns={}, target=[""]),
]
PREDICTIONS = [
    Prediction(id="q1", value="Zürich", detail={"no_answer": -1.5}),
    Prediction(id="q2", value=None, detail={"no_answer": 2}),
]


def refusal(text: str) -> str:
    with pytest.raises(DataError) as error:
        ANSWERS.read(text, EXAMPLES)
    return str(error.value)


def doubt_refusal(text: str) -> str:
    with pytest.raises(DataError) as error:
        DOUBTS.read(text, PREDICTIONS)
    return str(error.value)


def test_answers_stand_by_id_and_what_was_not_read_is_empty() -> None:
    text = ANSWERS.write(PREDICTIONS, EXAMPLES)
    assert json.loads(text) == {"q1": "Zürich", "q2": ""}
    assert "Zürich" in text


def test_answers_are_read_in_the_order_of_the_examples() -> None:
    read = ANSWERS.read('{"q2": "", "q1": "Bern"}', EXAMPLES)
    assert [(p.id, p.value) for p in read] == [("q1", "Bern"), ("q2", "")]


def test_version_1_may_leave_questions_out() -> None:
    read = AnswerFile(may_leave_out=True).read('{"q2": "Bern"}', EXAMPLES)
    assert [p.value for p in read] == [None, "Bern"]


def test_a_prediction_that_is_no_text_is_not_written() -> None:
    with pytest.raises(DataError) as error:
        ANSWERS.write([Prediction(id="q1", value=3)], EXAMPLES[:1])
    assert str(error.value) == (
        "predictions.json: the prediction 3 of example 'q1' is no text, expected the "
        "answer's text: predict texts"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '["Bern"]',
            "predictions.json holds a JSON list, expected one object of values by "
            "question id: correct the file",
        ),
        (
            '{"q1": "a", "q1": "b"}',
            "predictions.json has question 'q1' twice, expected it once: remove one",
        ),
        (
            '{"q1": "a"}',
            "predictions.json lacks 1 of 2 questions (the first is 'q2'), expected "
            "every one: complete the file",
        ),
        (
            '{"q1": "a", "q2": "b", "q3": "c"}',
            "predictions.json has 1 questions that the data has not (the first is "
            "'q3'), expected its 2 alone: score the right split, or remove them",
        ),
        (
            '{"q1": "a", "q2": null}',
            "predictions.json: question 'q2' has None, expected the answer's text, "
            "empty for none: correct the file",
        ),
    ],
)
def test_a_malformed_file_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


def test_what_is_no_json_is_refused() -> None:
    assert refusal("q1\tBern").startswith("predictions.json is no JSON (")


def test_doubts_are_written_and_read_back() -> None:
    text = DOUBTS.write(PREDICTIONS, EXAMPLES)
    assert text is not None
    bare = [Prediction(id=p.id, value=p.value) for p in PREDICTIONS]
    assert DOUBTS.read(text, bare) == PREDICTIONS


def test_no_doubts_make_no_file() -> None:
    assert DOUBTS.write([Prediction(id="q1", value="a")], EXAMPLES[:1]) is None


def test_doubts_for_some_questions_only_are_not_written() -> None:
    with pytest.raises(DataError) as error:
        DOUBTS.write([PREDICTIONS[0], Prediction(id="q2", value="")], EXAMPLES)
    assert str(error.value) == (
        "na_prob.json lacks 1 of 2 questions (the first is 'q2'), expected every one: "
        "complete the file"
    )


def test_a_doubt_that_is_no_number_is_refused() -> None:
    assert doubt_refusal('{"q1": 0.5, "q2": "high"}') == (
        "na_prob.json: question 'q2' has 'high', expected a number: correct the file"
    )
