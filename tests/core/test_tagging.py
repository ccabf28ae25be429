"""Tagging: tags as numbers or names, and what baselines say of them."""

from __future__ import annotations

import pytest

from harness import Data, DataError, Example, PluginError, Row, Tagging, Task
from harness.formulations import Formulation
from harness.requests import JsonValue, Tag, TagAnswer
from harness.testing import check_task

TAGS = ("O", "B-PER", "I-PER")
PROBLEM = Tagging(words="tokens", target="tags", tags=TAGS)
ROW: Row = {"tokens": ["Ada", "Lovelace", "wrote"], "tags": [1, 2, 0]}
EXAMPLE = Example(id="1", columns=ROW, target="B-PER I-PER O")
TASK = Task(
    id="toy/names",
    title="Names",
    summary="who is named?",
    data=Data(hub=None, folder="f"),
    problem=PROBLEM,
    metrics=("entity_f1",),
)


def _way() -> Formulation:
    (only,) = TASK.formulations()
    return only


@pytest.mark.parametrize("tags", [[1, 2, 0], ["B-PER", "I-PER", "O"]])
def test_tags_are_numbers_or_names(tags: JsonValue) -> None:
    assert PROBLEM.read_target({**ROW, "tags": tags}) == "B-PER I-PER O"


def test_hidden_tags_are_no_target() -> None:
    assert PROBLEM.read_target({**ROW, "tags": None}) is None


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([1, 2], "2 tags for 3 words, expected one a word"),
        ([1, 2, 3], r"tag 3, expected one of 0 \(O\), 1 \(B-PER\), 2 \(I-PER\)"),
        ([1, 2, True], "tag True, expected one of"),
        ("B-PER", "tags 'B-PER', expected a list of them"),
    ],
)
def test_wrong_tags_are_refused(tags: JsonValue, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PROBLEM.read_target({**ROW, "tags": tags})


def test_the_task_keeps_the_contract() -> None:
    check_task(TASK, [EXAMPLE])


def test_every_word_is_asked_for() -> None:
    asked = Tag(words=("Ada", "Lovelace", "wrote"), labels=TAGS)
    assert _way().requests(EXAMPLE) == (asked,)
    assert _way().head.labels == TAGS


def test_the_answer_is_joined() -> None:
    answer = TagAnswer(labels=("O", "O", "B-PER"), probabilities=(0.9, 0.8, 0.4))
    prediction = _way().predict(EXAMPLE, (answer,))
    assert prediction.value == "O O B-PER"
    assert prediction.detail == {"probabilities": [0.9, 0.8, 0.4]}


def test_the_right_tags_are_learnt() -> None:
    (learnt,) = _way().target(EXAMPLE)
    assert learnt.answer == TagAnswer(
        labels=("B-PER", "I-PER", "O"), probabilities=(1.0, 1.0, 1.0)
    )


def test_majority_is_the_most_frequent_tag() -> None:
    assert PROBLEM.majority([EXAMPLE], ["B-PER O", "B-PER"]) == ["B-PER B-PER B-PER"]


def test_majority_needs_training_tags() -> None:
    with pytest.raises(DataError, match="there is no training target"):
        PROBLEM.majority([EXAMPLE], [])


def test_a_guess_has_a_tag_for_every_word() -> None:
    guessed = str(PROBLEM.guess([EXAMPLE], 1)[0]).split()
    assert len(guessed) == 3
    assert set(guessed) <= set(TAGS)


@pytest.mark.parametrize("tags", [("O",), ("O", "O"), ("O", "B PER"), ("O", "")])
def test_tags_that_could_not_be_told_apart_are_refused(tags: tuple[str, ...]) -> None:
    with pytest.raises(PluginError, match="two or more different tags without spaces"):
        Tagging(tags=tags)
