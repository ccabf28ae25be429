"""Files of predictions are recognised, and what is wrong is named by line or id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness import (
    Classification,
    Data,
    DataError,
    Example,
    Prediction,
    Regression,
    Task,
    UsageError,
)
from harness.predictions import read_predictions
from tests.core.labels_plugin import Doubts

EXAMPLES = [
    Example(id="a", columns={"text": "x"}, target="no"),
    Example(id="b", columns={"text": "y"}, target="yes"),
]
TASK = Task(
    id="my/reviews",
    title="Reviews",
    summary="is it good?",
    data=Data(hub=None, folder="my/reviews"),
    problem=Classification(inputs=("text",), labels=("no", "yes")),
    metrics=("accuracy",),
)
STARS = replace(TASK, problem=Regression(inputs=("text",), low=0, high=5))
STARRED = [replace(each, target=3.0) for each in EXAMPLES]


@dataclass(frozen=True)
class Upper:
    """A submission file for tests: one shouted label a line."""

    name: str = "Reviews.txt"

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        return "".join(f"{str(each.value).upper()}\n" for each in predictions)

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        lines = text.split()
        if len(lines) != len(examples):
            raise DataError(f"line {len(lines)} is the last, expected {len(examples)}")
        pairs = zip(lines, examples, strict=True)
        return [Prediction(id=each.id, value=line.lower()) for line, each in pairs]


OFFICIAL = replace(TASK, submission=Upper())


def read(folder: Path, text: str, task: Task = TASK) -> tuple[str, list[object]]:
    path = folder / "predictions"
    path.write_bytes(text.encode())
    found = read_predictions(path, task, EXAMPLES if task is not STARS else STARRED)
    return found.format, [each.value for each in found.predictions]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            '{"id": "b", "prediction": "yes"}\n{"id": "a", "prediction": "no"}\n',
            "jsonl",
        ),
        ('{\n  "b": "yes",\n  "a": "no"}\n', "json"),
        ("id,prediction\nb,yes\na,no\n", "csv"),
        ("\ufeffscore,prediction,id\r\n1,yes,b\r\n2,no,a\r\n", "csv"),
        ("id\tprediction\nb\tyes\na\tno\n", "tsv"),
        ("no\nyes\n", "lines"),
        ("no\r\nyes", "lines"),
        ("0\n1\n", "lines"),
    ],
)
def test_a_plain_form_is_recognised(tmp_path: Path, text: str, name: str) -> None:
    assert read(tmp_path, text) == (name, ["no", "yes"])


def test_a_tasks_own_file_is_recognised(tmp_path: Path) -> None:
    assert read(tmp_path, "NO\nYES\n", OFFICIAL) == ("official", ["no", "yes"])


@pytest.mark.parametrize(
    ("text", "name"),
    [('{"a": "no", "b": "yes"}', "json"), ("id,prediction\na,no\nb,yes", "csv")],
)
def test_a_plain_form_goes_before_a_tasks_own_file(
    tmp_path: Path, text: str, name: str
) -> None:
    assert read(tmp_path, text, OFFICIAL) == (name, ["no", "yes"])


def test_a_detail_may_stand_by(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"id": "a", "prediction": "no", "detail": {"no": 0.75}}\n')
    found = read_predictions(path, TASK, EXAMPLES[:1]).predictions
    assert found[0].detail == {"no": 0.75}


def test_null_is_a_text_that_could_not_be_parsed(tmp_path: Path) -> None:
    assert read(tmp_path, '{"a": null, "b": "yes"}')[1] == [None, "yes"]


def test_numbers_are_read_where_the_task_asks_for_them(tmp_path: Path) -> None:
    assert read(tmp_path, "id,prediction\na,2\nb,3.5\n", STARS)[1] == [2.0, 3.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no\nmaybe\n", "line 2: 'maybe' is no label, expected one of no, yes, or"),
        ("no\n2\n", "line 2: '2' is no label"),
        ("no\n", r"has 1 lines, expected 2, one an example in the order of the data"),
        (
            "id,prediction\na,no\n",
            "has no prediction for 1 of 2 examples, the first is 'b'",
        ),
        (
            "id,prediction\na,no\nc,no\n",
            "line 3: my/reviews has no example 'c' in this",
        ),
        ("id,prediction\na,no\na,no\n", "line 3: the id 'a' stands twice"),
        (
            "id,prediction\na,no,yes\n",
            "line 2: 3 cells, expected 2 as in the first line",
        ),
        ("id,prediction,id\na,no,yes\n", "line 1: the columns are id, prediction, id,"),
        ('{"a": "no", "a": "yes"}', "the id 'a' stands twice"),
        (
            '{"id": "a", "prediction": "no"}\n[]\n',
            r"line 2: '\[\]', expected an object",
        ),
        (
            '{"id": "a", "prediction": "no", "detail": 1}\n',
            "line 1: the detail is 1, expected an object",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 2: 'high' is no number, expected one"):
        read(tmp_path, "2\nhigh\n", STARS)


def test_a_fault_of_a_tasks_own_file_names_the_file(tmp_path: Path) -> None:
    message = (
        r"predictions, read as Reviews\.txt: line 1 is the last, expected 2; a plain"
    )
    with pytest.raises(DataError, match=message):
        read(tmp_path, "NO\n", OFFICIAL)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("{", "json", r"is no JSON \("),
        ("[1]", "json", "holds a list, expected one object of predictions by id"),
    ],
)
def test_a_named_format_must_be_there(
    tmp_path: Path, text: str, name: str, message: str
) -> None:
    path = tmp_path / "p"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_predictions(path, TASK, EXAMPLES, name)


COMPANY = replace(TASK, companions=(Doubts(),))


def test_a_further_file_adds_details(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("no\nyes\n")
    (tmp_path / "any.json").write_text('{"a": 0.5, "b": 0.75}')
    beside = [tmp_path / "any.json"]
    found = read_predictions(tmp_path / "p", COMPANY, EXAMPLES, companions=beside)
    assert [each.detail for each in found.predictions] == [
        {"doubt": 0.5},
        {"doubt": 0.75},
    ]


def test_a_fault_of_a_further_file_names_it(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("no\nyes\n")
    (tmp_path / "doubts.json").write_text("{}")
    beside = [tmp_path / "doubts.json"]
    with pytest.raises(DataError, match=r"doubts\.json: the ids are others"):
        read_predictions(tmp_path / "p", COMPANY, EXAMPLES, companions=beside)


def test_a_further_file_that_the_task_does_not_take_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("no\nyes\n")
    beside = [tmp_path / "doubts.json"]
    with pytest.raises(UsageError, match=r"takes no file doubts\.json beside"):
        read_predictions(tmp_path / "p", TASK, EXAMPLES, companions=beside)


def test_an_unknown_format_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("no\nyes\n")
    with pytest.raises(UsageError, match="unknown format 'line': did you mean lines"):
        read_predictions(tmp_path / "p", TASK, EXAMPLES, "line")


def test_a_task_without_a_file_of_its_own_says_so(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("no\nyes\n")
    with pytest.raises(
        UsageError, match="my/reviews has no submission file of its own"
    ):
        read_predictions(tmp_path / "p", TASK, EXAMPLES, "official")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the predictions .*lost can't be read"):
        read_predictions(tmp_path / "lost", TASK, EXAMPLES)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"id":' * 100_000])
def test_json_nested_too_deeply_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text)
    with pytest.raises(DataError, match="nested too deeply"):
        read_predictions(path, TASK, EXAMPLES)
