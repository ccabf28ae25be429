"""The files of the GLUE server: names, labels, and what is refused."""

from __future__ import annotations

import pytest

from harness import DataError, Example, Prediction
from harness.requests import JsonValue
from harness_glue.plugin import harness_benchmarks, harness_tasks

TASKS = {task.id.partition("/")[2]: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("name", TASKS)
EXAMPLES = [Example(id=str(n), columns={}, target=None) for n in range(3)]
# the names and maps of write_preds in jiant v1, jiant/evaluate.py
PUBLISHED = {
    "cola": ("CoLA.tsv", "1"),
    "sst2": ("SST-2.tsv", "1"),
    "mrpc": ("MRPC.tsv", "1"),
    "qqp": ("QQP.tsv", "1"),
    "stsb": ("STS-B.tsv", "3.800"),
    "mnli/matched": ("MNLI-m.tsv", "neutral"),
    "mnli/mismatched": ("MNLI-mm.tsv", "neutral"),
    "qnli": ("QNLI.tsv", "not_entailment"),
    "rte": ("RTE.tsv", "not_entailment"),
    "wnli": ("WNLI.tsv", "1"),
    "ax": ("AX.tsv", "neutral"),
}


def answer(name: str) -> JsonValue:
    labels = TASKS[name].problem.labels
    return labels[1] if labels else 3.8


def write(name: str, value: JsonValue) -> str:
    submission = TASKS[name].submission
    assert submission is not None
    return submission.write(
        [Prediction(id=e.id, value=value) for e in EXAMPLES], EXAMPLES
    )


def read(name: str, text: str) -> list[JsonValue]:
    submission = TASKS[name].submission
    assert submission is not None
    return [prediction.value for prediction in submission.read(text, EXAMPLES)]


@EVERY_TASK
def test_names_and_labels_are_those_of_the_server(name: str) -> None:
    file, word = PUBLISHED[name]
    submission = TASKS[name].submission
    assert submission is not None
    assert submission.name == file
    expected = f"index\tprediction\n0\t{word}\n1\t{word}\n2\t{word}\n"
    assert write(name, answer(name)) == expected


@EVERY_TASK
def test_what_is_written_is_read_back_in_order(name: str) -> None:
    header, *lines = write(name, answer(name)).splitlines()
    text = "\r\n".join([header, *reversed(lines)])
    assert read(name, text) == [answer(name)] * 3


@EVERY_TASK
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 1", "line 2: it has 1 columns, expected an index, a tab and a prediction"),
        ("0\t1\t1", "line 2: it has 3 columns"),
        ("9\t{word}", "line 2: the index 9 is unknown"),
        ("0\tperhaps", "line 2: the prediction is 'perhaps', expected "),
        ("1\t{word}", "line 4: the index 1 stands twice"),
    ],
)
def test_a_wrong_line_is_named(name: str, line: str, message: str) -> None:
    lines = write(name, answer(name)).splitlines()
    lines[1] = line.format(word=PUBLISHED[name][1])
    if line.startswith("1\t"):
        lines.insert(2, lines[2].replace("1\t", "0\t", 1))
    with pytest.raises(DataError, match=message):
        read(name, "\n".join(lines))


@EVERY_TASK
def test_a_missing_line_is_named(name: str) -> None:
    text = write(name, answer(name)).rpartition("2\t")[0]
    with pytest.raises(DataError, match="2 predictions for 3 examples, the first miss"):
        read(name, text)


@pytest.mark.parametrize("text", ["", "0\t1\n", "id\tlabel\n0\t1\n"])
def test_a_missing_header_is_named(text: str) -> None:
    with pytest.raises(
        DataError, match=r"CoLA.tsv, line 1: it is '.*', expected the h"
    ):
        read("cola", text)


@pytest.mark.parametrize("value", [None, "maybe", True, float("nan")])
@EVERY_TASK
def test_what_is_no_label_cannot_be_handed_in(name: str, value: JsonValue) -> None:
    with pytest.raises(DataError, match="of example '0' can't be written, expected "):
        write(name, value)


def test_the_archive_is_a_zip_of_eleven_files() -> None:
    (benchmark,) = harness_benchmarks()
    assert benchmark.archive is not None
    assert benchmark.archive.kind == "zip"
    assert len({t.submission.name for t in TASKS.values() if t.submission}) == 11
