"""Task rows in YAML: the fields of `Task` that are data, without any code."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from harness.errors import PluginError
from harness.hookspecs import hookimpl
from harness.problems import Classification, Regression
from harness.task import Data, HubData, Kind, Problem, Prompt, Task
from harness.yaml_check import check
from harness.yaml_lines import Document, Place, load_yaml


def _template(text: str) -> str:
    """Check that a template holds plain ``{column}`` fields only."""
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(
            f"template {text!r} is malformed ({error}): write {{column}} for a column "
            "and {{ or }} for a brace"
        ) from error
    for _, name, spec, conversion in fields:
        if name is not None and (not _is_path(name) or spec or conversion):
            raise ValueError(
                f"template {text!r} has the field {{{name}}}, expected plain "
                "{column} fields"
            )
    return text


def _is_path(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


Text = Annotated[str, AfterValidator(_template)]
Texts = tuple[str, ...]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """Return the keys that the file has, so that defaults stay in `Task`."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class HubRow(_Row):
    """The keys of `HubData`."""

    path: str
    config: str | None = None
    revision: str | None = None


class DataRow(_Row):
    """The keys of `Data`; a sample takes a Python row."""

    hub: HubRow | None = None
    folder: str
    train: str | None = None
    evaluate: str = ""
    submit: str | None = None
    id_column: str | Texts | None = None
    group_column: str | Texts | None = None


class PromptRow(_Row):
    """The keys of `Prompt`; functions take a Python row."""

    text: Text
    answers: dict[str, Text] = {}
    choice: Text = ""
    delimiter: str = ""
    between: str = ""
    description: str = ""
    max_tokens: Annotated[int, Field(gt=0)] = 1
    stop: Texts = ()
    beams: Annotated[int, Field(gt=0)] = 1
    length_penalty: float = 1.0
    asked_by: tuple[Literal["rank", "generate", "cloze"], ...] = ()
    is_message: bool = False
    source: str = ""


class ClassificationRow(_Row):
    """The keys of `Classification`."""

    inputs: Texts
    labels: Texts
    label: str = ""
    more: dict[str, Kind] = {}
    texts: tuple[Text, ...] = ()


class RegressionRow(_Row):
    """The keys of `Regression`."""

    inputs: Texts
    low: float
    high: float
    label: str = ""


class TaskRow(_Row):
    """The keys of `Task`, with the problem under its own name."""

    id: str
    version: Annotated[int, Field(gt=0)] = 1
    title: str
    summary: str
    data: DataRow
    classification: ClassificationRow | None = None
    regression: RegressionRow | None = None
    metrics: Texts
    headline: Texts = ()
    prompts: dict[str, PromptRow] = {}
    trained_on: str | None = None
    source: str = ""


class TaskRows(_Row):
    """A whole file."""

    tasks: Annotated[tuple[TaskRow, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A file of task rows, as a plugin."""

    tasks: tuple[Task, ...]

    @classmethod
    def read(cls, path: Path) -> TaskFile:
        """Read and check a file.

        Raises:
            UsageError: the file is no YAML or a row is wrong; names line and key.
        """
        document = load_yaml(path)
        rows = check(TaskRows, document)
        return cls(tasks=tuple(_tasks(rows, document)))

    @hookimpl
    def harness_tasks(self) -> Sequence[Task]:
        """Register the file's tasks."""
        return self.tasks


def _tasks(rows: TaskRows, document: Document) -> Iterator[Task]:
    for index, row in enumerate(rows.tasks):
        place: Place = ("tasks", index)
        _check_prompts(row, place, document)
        problem = _problem(row, place, document)
        with _placed(place, document):
            task = _task(row, problem)
            task.formulations()
        yield task


@contextmanager
def _placed(place: Place, document: Document) -> Iterator[None]:
    """Say where in the file a row breaks its contract."""
    try:
        yield
    except PluginError as error:
        raise document.error(place, str(error)) from error


def _task(row: TaskRow, problem: Problem) -> Task:
    fields = row.given()
    fields.pop("classification", None)
    fields.pop("regression", None)
    prompts = {name: Prompt(**prompt.given()) for name, prompt in row.prompts.items()}
    fields |= {"data": _data(row.data), "problem": problem, "prompts": prompts}
    return Task(**fields)


def _data(row: DataRow) -> Data:
    hub = HubData(**row.hub.given()) if row.hub else None
    return Data(**row.given() | {"hub": hub})


def _problem(row: TaskRow, place: Place, document: Document) -> Problem:
    if row.classification and not row.regression:
        with _placed((*place, "classification"), document):
            return Classification(**row.classification.given())
    if row.regression and not row.classification:
        with _placed((*place, "regression"), document):
            return Regression(**row.regression.given())
    raise document.error(
        place, "expected one of the keys classification and regression: write one"
    )


def _check_prompts(row: TaskRow, place: Place, document: Document) -> None:
    labels = row.classification.labels if row.classification else ()
    for name, prompt in row.prompts.items():
        inside = (*place, "prompts", name)
        if row.regression:
            raise document.error(
                inside,
                "a regression's prompt needs functions that write and read numbers: "
                "write the task in Python",
            )
        if set(prompt.answers) != set(labels):
            raise document.error(
                (*inside, "answers"),
                f"found wordings of {', '.join(prompt.answers) or 'nothing'}, expected "
                f"one of every label: {', '.join(labels)}",
            )
