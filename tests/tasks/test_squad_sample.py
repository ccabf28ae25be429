"""The made-up SQuAD rows are real in form, repeatable, and give nothing away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from harness import DataError, Row
from harness_squad.sample import make_sample

EVERY_VERSION = pytest.mark.parametrize("version", [1, 2])


def answers(row: Row) -> Any:
    return row["answers"]


@EVERY_VERSION
def test_answers_stand_where_they_are_said_to(version: int) -> None:
    for row in make_sample(version, "validation", 1):
        found = answers(row)
        for text, start in zip(found["text"], found["answer_start"], strict=True):
            assert str(row["context"]).startswith(text, start)


@EVERY_VERSION
def test_a_seed_repeats_its_rows_and_another_gives_others(version: int) -> None:
    first = make_sample(version, "train", 1)
    assert first == make_sample(version, "train", 1)
    assert first != make_sample(version, "train", 2)


@EVERY_VERSION
def test_the_splits_share_no_row(version: int) -> None:
    found = [
        {(row["context"], row["question"]) for row in make_sample(version, split, 1)}
        for split in ("train", "validation")
    ]
    assert [len(rows) for rows in found] == [1000, 300]
    assert not found[0] & found[1]


def test_every_question_of_version_1_has_an_answer() -> None:
    assert all(answers(row)["text"] for row in make_sample(1, "train", 1))


def test_half_of_version_2_has_none() -> None:
    rows = make_sample(2, "validation", 1)
    assert sum(not answers(row)["text"] for row in rows) == 150


def words_of(row: Row) -> set[str]:
    return set(re.findall(r"\w+", f"{row['question']} {row['context']}".lower()))


def shares(rows: Sequence[Row]) -> dict[str, float]:
    """Return how often a question with a word has no answer, for frequent words."""
    seen, hidden = Counter[str](), Counter[str]()
    for row in rows:
        seen.update(words_of(row))
        hidden.update(() if answers(row)["text"] else words_of(row))
    return {word: hidden[word] / n for word, n in seen.items() if n >= 50}


def test_no_word_tells_whether_there_is_an_answer() -> None:
    found = shares(make_sample(2, "train", 1)).values()
    assert min(found) > 0.1
    assert max(found) < 0.9


def test_the_length_does_not_tell_either() -> None:
    lengths: dict[bool, list[int]] = {True: [], False: []}
    for row in make_sample(2, "train", 1):
        lengths[bool(answers(row)["text"])].append(str(row["context"]).count(". "))
    means = [sum(found) / len(found) for found in lengths.values()]
    assert abs(means[0] - means[1]) < 0.1


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(DataError) as error:
        make_sample(1, "test", 1)
    assert str(error.value) == (
        "the sample of SQuAD has no split 'test', expected one of train, validation: "
        "choose one of these"
    )
