"""Task rows in YAML become the tasks that Python rows would be."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness import Classification, Data, Example, HubData, Prompt, Regression, Task
from harness.errors import PluginError
from harness.plugins import load_plugins
from harness.plugins.task_file import (
    ClassificationRow,
    DataRow,
    HubRow,
    PromptRow,
    RegressionRow,
    TaskRow,
)
from harness.requests import Fill

ROWS = """\
tasks:
  - id: my/reviews
    title: Reviews
    summary: is the review positive?
    data: {hub: {path: me/reviews, revision: abc}, folder: my/reviews, id_column: null}
    classification: {inputs: [text], labels: [no, yes], label: positive}
    metrics: [accuracy]
    prompts:
      plain: {text: "{text}\\nPositive?", answers: {no: no, yes: yes}}
  - id: my/stars
    title: Stars
    summary: how many stars?
    data: {folder: my/stars}
    regression: {inputs: [text], low: 1, high: 5}
    metrics: [pearson]
"""


def load(folder: Path, text: str) -> list[Task]:
    path = folder / "rows.yaml"
    path.write_text(text, encoding="utf-8")
    return list(load_plugins([str(path)], entry_points=False).tasks.values())


def test_a_classification_row_is_the_task_it_says(tmp_path: Path) -> None:
    assert load(tmp_path, ROWS)[0] == Task(
        id="my/reviews",
        title="Reviews",
        summary="is the review positive?",
        data=Data(
            hub=HubData(path="me/reviews", revision="abc"),
            folder="my/reviews",
            id_column=None,
        ),
        problem=Classification(
            inputs=("text",), labels=("no", "yes"), label="positive"
        ),
        metrics=("accuracy",),
        prompts={
            "plain": Prompt(
                text="{text}\nPositive?", answers={"no": "no", "yes": "yes"}
            )
        },
    )


def test_a_regression_row_is_the_task_it_says(tmp_path: Path) -> None:
    assert load(tmp_path, ROWS)[1] == Task(
        id="my/stars",
        title="Stars",
        summary="how many stars?",
        data=Data(hub=None, folder="my/stars"),
        problem=Regression(inputs=("text",), low=1, high=5),
        metrics=("pearson",),
    )


def test_a_row_can_be_asked_as_a_blank_to_fill(tmp_path: Path) -> None:
    cloze = 'text: "{text} All in all: {blank}.", asked_by: [cloze]'
    row = ROWS.replace('text: "{text}\\nPositive?"', cloze)
    _, way = load(tmp_path, row)[0].formulations()
    asked = way.requests(Example(id="1", columns={"text": "Fine."}, target=None))
    text = "Fine. All in all: {blank}."
    assert asked == (Fill(text=text, candidates=("no", "yes")),)


@pytest.mark.parametrize(
    ("row", "contract", "python_only"),
    [
        (TaskRow, Task, {"companions", "problem", "submission"}),
        (DataRow, Data, {"sample", "leave_out"}),
        (HubRow, HubData, set()),
        (PromptRow, Prompt, {"write", "parse"}),
        (ClassificationRow, Classification, set()),
        (RegressionRow, Regression, set()),
    ],
)
def test_a_yaml_row_has_the_fields_of_its_contract(
    row: type[TaskRow], contract: type[Task], python_only: set[str]
) -> None:
    fields = {field.name for field in dataclasses.fields(contract)}
    keys = set(row.model_fields) - {"classification", "regression"}
    assert keys == fields - python_only


def test_a_yaml_prompt_may_be_a_message(tmp_path: Path) -> None:
    rows = ROWS.replace('Positive?",', 'Positive?", is_message: true,')
    assert load(tmp_path, rows)[0].prompts["plain"].is_message


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "metrics: [accuracy]",
            "metrcs: [accuracy]",
            "rows.yaml:7: key tasks.0.metrcs: unknown key, expected one of "
            "classification, data, headline, id, metrics, prompts, regression, source, "
            "summary, title, trained_on, version: did you mean metrics?",
        ),
        (
            "id: my/reviews",
            "id: reviews",
            "rows.yaml:2: key tasks.0: task id 'reviews' is not of the form suite/name "
            "or suite/name/variant: rename the task",
        ),
        (
            "labels: [no, yes]",
            "labels: [yes]",
            "rows.yaml:9: key tasks.0.prompts.plain.answers: found wordings of no, "
            "yes, expected one of every label: yes",
        ),
        (
            "inputs: [text], labels",
            "inputs: [a, b, c], labels",
            "rows.yaml:6: key tasks.0.classification: a classification has one or two input columns, "
            "not ('a', 'b', 'c'): correct the task's inputs",
        ),
        (
            "    regression: {inputs: [text], low: 1, high: 5}\n",
            "",
            "rows.yaml:10: key tasks.1: expected one of the keys classification and "
            "regression: write one",
        ),
        (
            "metrics: [pearson]",
            "metrics: [pearson]\n    prompts: {plain: {text: x}}",
            "rows.yaml:16: key tasks.1.prompts.plain: a regression's prompt needs "
            "functions that write and read numbers: write the task in Python",
        ),
        (
            '"{text}\\n',
            '"{text!r}\\n',
            "rows.yaml:9: key tasks.0.prompts.plain.text: template "
            "'{text!r}\\nPositive?' has the field {text}, expected plain {column} "
            "fields",
        ),
        (
            '"{text}\\n',
            '"{text\\n',
            "rows.yaml:9: key tasks.0.prompts.plain.text: template "
            "'{text\\nPositive?' is malformed (expected '}' before end of string): "
            "write {column} for a column and {{ or }} for a brace",
        ),
        (
            "answers: {no: no, yes: yes}",
            "answers: {no: no, yes: yes}, asked_by: [cloze]",
            "rows.yaml:2: key tasks.0: the prompt 'plain' has the text "
            "'{text}\\nPositive?', expected one {blank} in it: put it where the answer "
            "goes",
        ),
    ],
)
def test_a_wrong_row_is_named_by_line_and_key(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    with pytest.raises(PluginError) as caught:
        load(tmp_path, ROWS.replace(right, wrong, 1))
    found = str(caught.value).replace(f"{tmp_path}/", "")
    assert found == (
        f"plugin 'rows' of rows.yaml can't be loaded ({message}): correct the file"
    )
