"""Tasks and benchmarks as rows: where examples come from, how to ask, how to score.

A task is data. Its `problem` says what kind of question it is, and the formulations
follow from the problem; its prompts say how text models are asked, each with the
inverse that reads their text back. Changing a prompt, parser, column or metric bumps
`version`.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from harness.errors import PluginError
from harness.requests import JsonValue

if TYPE_CHECKING:
    from harness.formulations import Formulation
    from harness.submission import Archive, CompanionFile, SubmissionFile

Row = Mapping[str, JsonValue]
Kind = Literal["text", "texts", "number", "table"]
"""What a column holds: a text, a list of texts, a whole number, or anything nested."""
Role = Literal["train", "select", "evaluate", "submit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One item of a data set.

    Attributes:
        id: the data set's own id, unique within its split.
        columns: the item's columns as the data set serves them.
        target: the right answer (a label's name, a number, a text, a list of
            acceptable texts), None where the split is unlabelled.
        group: what the item belongs to where metrics work on groups (a passage, a
            question, a document).
    """

    id: str
    columns: Row
    target: JsonValue
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a formulation makes of one example's answers.

    Attributes:
        id: the example's id.
        value: the predicted label's name, number or text; None where the model's
            text could not be parsed (counted, never guessed).
        detail: what explains it, such as a probability for each label.
    """

    id: str
    value: JsonValue
    detail: Mapping[str, JsonValue] = field(default_factory=dict)


Template = str | Callable[[Row], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A named way to word a task for text models, with its inverse.

    Attributes:
        text: the question; a template of ``{column}`` fields whose values are never
            parsed again, or (in Python rows) a function of the columns.
        answers: the wording of each label, for classification; each may be a
            template too.
        choice: the wording of a candidate that is no label: a template of the
            columns and of ``{choice}``, the candidate itself.
        delimiter: what stands between question and answer.
        write: words a target, given with its row, that is no label (a number).
        parse: reads a model's text back into a target, given the row; None where it
            can't. By default the label whose wording is the stripped text, or the
            stripped text itself where there are no `answers`.
        between: what stands between exemplars.
        description: what stands once before the first exemplar.
        max_tokens: how long a generated answer may become.
        stop: texts that end a generated answer.
        beams: width of the search for a generated answer; 1 is greedy.
        length_penalty: see `Generate`.
        asked_by: which of ``rank``, ``generate`` and ``cloze`` ask by it: a text that
            does not show what is to be judged can only be ranked, a wording that has
            no answer for every candidate only be generated. What ``cloze`` asks by has
            one ``{blank}`` in its text, where an answer goes, and is for it alone.
        is_message: see `Generate`, and `harness.messages`.
        source: where the wording is published.
    """

    text: Template
    answers: Mapping[str, Template] = field(default_factory=dict)
    choice: Template = "{choice}"
    delimiter: str = " "
    write: Callable[[JsonValue, Row], str] | None = None
    parse: Callable[[str, Row], JsonValue] | None = None
    between: str = "\n\n"
    description: str = ""
    max_tokens: int = 16
    stop: tuple[str, ...] = ("\n",)
    beams: int = 1
    length_penalty: float = 1.0
    asked_by: tuple[Literal["rank", "generate", "cloze"], ...] = ("rank", "generate")
    is_message: bool = False
    source: str = ""


def word_choice(prompt: Prompt, candidate: str, row: Row) -> str:
    """Word a candidate answer: a label by `answers`, anything else by `choice`."""
    if candidate in prompt.answers:
        return render(prompt.answers[candidate], row)
    return render(prompt.choice, {**row, "choice": candidate})


def is_right(candidate: JsonValue, target: JsonValue) -> bool:
    """Tell whether a candidate is the target, or one of several acceptable ones."""
    if isinstance(target, list):
        return candidate in target
    return candidate == target


def render(template: Template, columns: Row) -> str:
    """Fill a template's ``{column}`` fields; values are inserted as they are.

    Raises:
        PluginError: the template names a column that the row does not have, or uses
            anything but plain ``{column}`` fields.
    """
    if callable(template):
        return template(columns)
    return "".join(_pieces(template, columns))


def _pieces(template: str, columns: Row) -> Iterator[str]:
    for literal, name, spec, conversion in string.Formatter().parse(template):
        yield literal
        if name is None:
            continue
        value = pick(columns, name)
        if value is None or spec or conversion:
            raise PluginError(
                f"template {template!r} has the field {{{name}}}, expected one of the "
                f"columns {', '.join(sorted(columns))}: correct the task's prompt"
            )
        yield str(value)


def pick(row: Row, path: str) -> JsonValue:
    """Return a row's value at a dotted path, such as ``answers.text``.

    A column whose own name has a dot is found before a nested one; None is nothing
    there.
    """
    if path in row:
        return row[path]
    head, dot, rest = path.partition(".")
    inner = row.get(head)
    return pick(inner, rest) if dot and isinstance(inner, dict) else None


class Problem(Protocol):
    """What kind of question a task asks: the source of its formulations."""

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The input columns that every row must have, with what each holds.

        A name may be a dotted path into a nested column (see `pick`).
        """

    def read_target(self, row: Row) -> JsonValue:
        """Return a row's target, None where it is unlabelled.

        Raises:
            ValueError: the value is none that the task declares; the message says
                what was found and what was expected.
        """

    @property
    def target_column(self) -> str:
        """The column that holds the target."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The label names in the data set's order, empty where there are none."""

    def formulations(self, task: Task) -> list[Formulation]:
        """Return every way to ask the task, most natural first."""

    @property
    def learns_majority(self) -> bool:
        """Whether `majority` looks at training targets."""

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return what the simplest baseline says: the most frequent, or the input."""

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Draw a prediction for every example, whatever its inputs say.

        A draw depends on the seed and the example's id, not on the other examples
        unless it is made of them (a ranking).
        """

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return predictions that metrics call perfect, where any can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubData:
    """A data set on the Hub: repository id, configuration and pinned revision."""

    path: str
    config: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Where a task's rows come from and what its splits are for.

    Attributes:
        hub: the data set on the Hub, None where it is on no hub.
        folder: its path under a data folder, such as ``glue/sst2``.
        train: the split to train on and to draw exemplars from.
        evaluate: the labelled split to score.
        submit: the split without labels, for submission files.
        id_column: the column that holds the data set's own ids; row numbers where
            it is None. Several, or paths into nested columns, are joined by ``-``.
        group_column: the column that groups examples, where metrics need it; several
            likewise. In Python rows a function of the row may say it instead.
        leave_out: tells rows that the official evaluation leaves out; they are counted
            beside the data's origin.
        sample: makes rows of the same columns from a split's name and a seed (see
            `harness.data`); None where the task has no sample.
    """

    hub: HubData | None
    folder: str
    train: str | None = "train"
    evaluate: str = "validation"
    submit: str | None = "test"
    id_column: str | tuple[str, ...] | None = "idx"
    group_column: str | tuple[str, ...] | Callable[[Row], str] | None = None
    leave_out: Callable[[Row], bool] | None = None
    sample: Callable[[str, int], Sequence[Row]] | None = None

    def split(self, name: str) -> str:
        """Return the split that a name or a role stands for.

        The roles ``train``, ``evaluate`` and ``submit`` stand for the splits declared
        here, ``submit`` for the evaluated one where there is no other. Any other name,
        and a role without a split, is a split's own name.
        """
        roles = {
            "train": self.train,
            "evaluate": self.evaluate,
            "submit": self.submit or self.evaluate,
        }
        return roles.get(name) or name


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One row of a benchmark.

    Attributes:
        id: ``suite/name`` or ``suite/name/variant``.
        version: raised whenever a prompt, parser, column or metric changes.
        title: the name as its authors write it.
        summary: what is asked, in a line.
        data: where the rows come from.
        problem: what kind of question it is.
        metrics: metric names with options, such as ``f1,positive=equivalent``; the
            first is the one that selection and charts use.
        headline: metrics whose mean is the task's score in its benchmark; all of
            `metrics` by default.
        prompts: how text models are asked, by name.
        trained_on: the id of the task whose training split serves this one, itself
            by default.
        submission: the file in which the official scorer takes predictions; None
            where there is none.
        companions: files that the official scorer takes beside it, where it may.
        source: paper or page that defines the task.
    """

    id: str
    version: int = 1
    title: str
    summary: str
    data: Data
    problem: Problem
    metrics: tuple[str, ...]
    headline: tuple[str, ...] = ()
    prompts: Mapping[str, Prompt] = field(default_factory=dict)
    trained_on: str | None = None
    submission: SubmissionFile | None = None
    companions: tuple[CompanionFile, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        parts = self.id.split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise PluginError(
                f"task id {self.id!r} is not of the form suite/name or "
                "suite/name/variant: rename the task"
            )
        if not self.metrics:
            raise PluginError(f"task {self.id!r} has no metric: name at least one")
        for metric in self.headline:
            if metric not in self.metrics:
                raise PluginError(
                    f"task {self.id!r} has the headline metric {metric!r}, expected one "
                    f"of its metrics {', '.join(self.metrics)}: correct its headline"
                )

    @property
    def headline_metrics(self) -> tuple[str, ...]:
        """The metrics whose mean is the task's score."""
        return self.headline or self.metrics

    @property
    def training_task(self) -> str:
        """The id of the task whose training split serves this one."""
        return self.trained_on or self.id

    def formulations(self) -> list[Formulation]:
        """Return every way to ask this task, most natural first."""
        return self.problem.formulations(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A named group of tasks with its official aggregate.

    The aggregate is the mean over `groups` of the mean over each group's task
    scores, so MNLI's two evaluations count as one. A task outside every group
    (a diagnostic) is shown and does not count.

    Attributes:
        id: the prefix of its tasks, such as ``glue``.
        title: the name as its authors write it.
        tasks: all its task ids, in the order of its columns.
        groups: task ids that count, grouped; empty where its authors define no
            aggregate.
        archive: how submissions to it are packed; None where it takes none.
        source: where the aggregate is defined.
    """

    id: str
    title: str
    tasks: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    archive: Archive | None = None
    source: str = ""

    def aggregate(self, scores: Mapping[str, float]) -> float | None:
        """Return the official aggregate, None unless every task that counts is there.

        It is None as well where no task counts: there is no official aggregate.

        Args:
            scores: a score for each task id, all on one scale.
        """
        tasks = [task for group in self.groups for task in group]
        if not tasks or any(task not in scores for task in tasks):
            return None
        means = [sum(scores[t] for t in group) / len(group) for group in self.groups]
        return sum(means) / len(means)


def parse_spec(text: str) -> tuple[str, dict[str, str]]:
    """Split ``name,option=value,...`` into the name and its options.

    Raises:
        ValueError: an option has no ``=`` or stands twice.
    """
    name, *pieces = text.split(",")
    options: dict[str, str] = {}
    for piece in pieces:
        key, equals, value = piece.partition("=")
        if not equals or not key.strip() or key.strip() in options:
            raise ValueError(f"{piece!r} is not a new option=value")
        options[key.strip()] = value.strip()
    return name.strip(), options


def matches(prefix: str, task_id: str) -> bool:
    """Tell whether a task id is the prefix or lies below it."""
    return task_id == prefix or task_id.startswith(prefix.rstrip("/") + "/")
