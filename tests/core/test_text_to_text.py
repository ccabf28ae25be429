"""Texts for texts: references, baselines, and how a model is asked."""

from __future__ import annotations

import pytest

from harness import Data, Example, Prompt, Row, Task, TextToText
from harness.formulations import Formulation
from harness.requests import Generate, GenerateAnswer, JsonValue
from harness.testing import check_task

PROBLEM = TextToText(source="translation.en", target="references")
ROW: Row = {
    "translation": {"en": "the red house"},
    "references": ["das rote Haus", "rot"],
}
EXAMPLE = Example(id="1", columns=ROW, target=["das rote Haus", "rot"])
TASK = Task(
    id="toy/houses",
    title="Houses",
    summary="translate a house",
    data=Data(hub=None, folder="f"),
    problem=PROBLEM,
    metrics=("accuracy",),
    prompts={
        "t5": Prompt(
            text="translate: {translation.en}",
            delimiter="",
            beams=4,
            length_penalty=0.6,
        )
    },
)


def way() -> Formulation:
    (only,) = TASK.formulations()
    return only


def test_the_source_is_found_in_its_nested_column() -> None:
    (request,) = way().requests(EXAMPLE)
    assert isinstance(request, Generate)
    assert request.prompt == "translate: the red house"
    assert (request.beams, request.length_penalty) == (4, 0.6)


def test_what_a_model_writes_is_the_prediction() -> None:
    answer = GenerateAnswer(text=" das Haus\n")
    assert way().predict(EXAMPLE, (answer,)).value == "das Haus"


def test_the_first_reference_is_what_is_trained() -> None:
    (example,) = way().target(EXAMPLE)
    assert example.answer == GenerateAnswer(text="das rote Haus")


def test_the_task_keeps_the_contract() -> None:
    check_task(TASK, [EXAMPLE])


def test_majority_copies_the_source() -> None:
    assert PROBLEM.majority([EXAMPLE], []) == ["the red house"]


def test_majority_says_what_the_task_calls_simplest() -> None:
    first = TextToText(source="text", target="t", simplest=lambda row: str(row["a"]))
    example = Example(id="1", columns={"text": "x", "a": "y"}, target="z")
    assert first.majority([example], []) == ["y"]


def test_a_guess_has_the_words_of_the_source() -> None:
    guess = PROBLEM.guess([EXAMPLE], 1)[0]
    assert sorted(str(guess).split()) == ["house", "red", "the"]


@pytest.mark.parametrize(
    ("value", "target"),
    [("a", "a"), ("", None), (["a", "b"], ["a", "b"]), (None, None)],
)
def test_a_reference_may_be_hidden(value: JsonValue, target: JsonValue) -> None:
    problem = TextToText(source="text", target="t", is_empty_hidden=True)
    assert problem.read_target({"t": value}) == target


@pytest.mark.parametrize("value", [3, [], [1]])
def test_a_reference_that_is_no_text_is_refused(value: JsonValue) -> None:
    with pytest.raises(ValueError, match=r"reference .*, expected a text or a list"):
        TextToText(source="text", target="t").read_target({"t": value})


def test_a_reference_can_be_read_out_of_its_column() -> None:
    problem = TextToText(
        source="text", target="tokens", read=lambda value: str(value)[2:-2]
    )
    assert problem.read_target({"text": "x", "tokens": ["a"]}) == "a"
