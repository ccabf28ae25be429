"""The files of the SuperGLUE server: names, labels, nesting, and what is refused."""

from __future__ import annotations

import functools
import json

import pytest

from harness import DataError, Example, Prediction, Task
from harness.task import pick
from harness_superglue.plugin import harness_benchmarks, harness_tasks

TASKS = {task.id.partition("/")[2]: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("name", TASKS)


def examples(task: Task) -> list[Example]:
    return made(task.id)


@functools.cache
def made(name: str) -> list[Example]:
    task = TASKS[name.partition("/")[2]]
    assert task.data.sample is not None
    columns = task.data.id_column
    paths = (columns,) if isinstance(columns, str) else columns or ()
    return [
        Example(
            id="-".join(str(pick(row, path)) for path in paths),
            columns=row,
            target=task.problem.read_target(row),
        )
        for row in task.data.sample(task.data.evaluate, 1)[:24]
    ]


def write(name: str) -> str:
    task = TASKS[name]
    asked = examples(task)
    assert task.submission is not None
    pairs = zip(asked, task.problem.perfect(asked), strict=True)
    said = [Prediction(id=e.id, value=value) for e, value in pairs]
    return task.submission.write(said, asked)


def read(name: str, text: str) -> list[Prediction]:
    submission = TASKS[name].submission
    assert submission is not None
    return submission.read(text, examples(TASKS[name]))


@EVERY_TASK
def test_what_is_written_is_read_back(name: str) -> None:
    perfect = TASKS[name].problem.perfect(examples(TASKS[name]))
    assert [p.value for p in read(name, write(name))] == perfect


@EVERY_TASK
def test_the_order_of_lines_does_not_matter(name: str) -> None:
    lines = write(name).splitlines()
    assert read(name, "\n".join(reversed(lines))) == read(name, write(name))


@pytest.mark.parametrize(
    ("name", "file", "line"),
    [
        ("boolq", "BoolQ.jsonl", {"idx": 0, "label": "true"}),
        ("cb", "CB.jsonl", {"idx": 0, "label": "entailment"}),
        ("copa", "COPA.jsonl", {"idx": 0, "label": 1}),
        ("rte", "RTE.jsonl", {"idx": 0, "label": "not_entailment"}),
        ("wic", "WiC.jsonl", {"idx": 0, "label": "true"}),
        ("wsc", "WSC.jsonl", {"idx": 0, "label": "True"}),
        ("axb", "AX-b.jsonl", {"idx": 0, "label": "not_entailment"}),
        ("axg", "AX-g.jsonl", {"idx": 0, "label": "not_entailment"}),
    ],
)
def test_labels_are_those_of_the_server(
    name: str, file: str, line: dict[str, object]
) -> None:
    # the maps of write_preds in jiant v1, jiant/evaluate.py
    task = TASKS[name]
    asked = examples(task)[:1]
    assert task.submission is not None
    label = task.problem.labels[0 if name == "cb" else 1]
    said = [Prediction(id=asked[0].id, value=label)]
    assert task.submission.name == file
    assert json.loads(task.submission.write(said, asked)) == line


def test_answers_are_nested_in_questions_and_passages() -> None:
    first = json.loads(write("multirc").splitlines()[0])
    assert TASKS["multirc"].submission is not None
    assert TASKS["multirc"].submission.name == "MultiRC.jsonl"
    assert first["idx"] == 0
    question = first["passage"]["questions"][1]
    assert question["idx"] == 1
    assert [answer["idx"] for answer in question["answers"]] == [0, 1, 2, 3]
    assert {answer["label"] for answer in question["answers"]} <= {0, 1}


def test_an_entity_stands_with_the_number_of_its_query() -> None:
    first = json.loads(write("record").splitlines()[0])
    target = examples(TASKS["record"])[0].target
    assert isinstance(target, list)
    assert first == {"idx": 0, "label": target[0]}


def test_labels_may_be_truth_values_as_in_the_data() -> None:
    text = write("boolq").replace('"true"', "true").replace('"false"', "false")
    assert read("boolq", text) == read("boolq", write("boolq"))


@EVERY_TASK
def test_a_missing_line_is_named(name: str) -> None:
    lines = write(name).splitlines()
    with pytest.raises(
        DataError, match=r"jsonl has \d+ predictions for 24 examples, t"
    ):
        read(name, "\n".join(lines[1:]))


@EVERY_TASK
def test_a_repeated_line_is_named(name: str) -> None:
    lines = write(name).splitlines()
    with pytest.raises(DataError, match=r"line 2: the id \S+ stands twice, expected "):
        read(name, "\n".join([lines[0], *lines]))


@EVERY_TASK
def test_an_unknown_example_is_named(name: str) -> None:
    text = write(name).replace('{"idx": 0, ', '{"idx": 999, ', 1)
    with pytest.raises(DataError, match=r"line 1: the id 999\S* is unknown, expected "):
        read(name, text)


@EVERY_TASK
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("idx 0", "line 1: it is no JSON "),
        ("[1]", r"line 1: it is no JSON object but \[1\], expected "),
        ("", "line 1: it is no JSON "),
        ('{"idx": "0"}', "line 1: its 'idx' is '0', not a whole number, expected "),
        ('{"idx": true}', "line 1: its 'idx' is True, not a whole number, expected "),
        ('{"idx": 0, "label": []}', "line 1: its "),
    ],
)
def test_a_malformed_line_is_named(name: str, line: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(name, f"{line}\n{write(name)}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"questions": 3}, "line 1: its 'questions' are 3, expected"),
        ({"questions": [{"idx": 0}]}, "line 1: its 'answers' are None, expected"),
        (
            {"questions": [{"idx": 0, "answers": [{"idx": 0, "label": 2}]}]},
            "line 1: it has the label 2, expected",
        ),
    ],
)
def test_a_malformed_passage_is_named(line: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read("multirc", json.dumps({"idx": 0, "passage": line}))


@EVERY_TASK
def test_a_prediction_that_was_not_read_cannot_be_handed_in(name: str) -> None:
    task = TASKS[name]
    asked = examples(task)[:1]
    assert task.submission is not None
    with pytest.raises(DataError, match=r"prediction None of example '0\S*' can't be"):
        task.submission.write([Prediction(id="0", value=None)], asked)


@EVERY_TASK
def test_ids_of_other_data_cannot_be_handed_in(name: str) -> None:
    task = TASKS[name]
    (asked,) = examples(task)[:1]
    other = Example(id="train-x", columns=asked.columns, target=asked.target)
    (value,) = task.problem.perfect([other])
    assert task.submission is not None
    with pytest.raises(DataError, match="the id 'train-x' is made of no whole numbers"):
        task.submission.write([Prediction(id="train-x", value=value)], [other])


def test_the_archive_is_a_zip_of_ten_files() -> None:
    (benchmark,) = harness_benchmarks()
    assert benchmark.archive is not None
    assert benchmark.archive.kind == "zip"
    names = {t.submission.name for t in TASKS.values() if t.submission is not None}
    assert len(names) == 10
