"""Problems: the kinds of question a task can ask, each with its formulations."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import PluginError
from harness.formulations import (
    ClassifyHead,
    Formulation,
    GenerateText,
    Rank,
    RegressHead,
)
from harness.requests import JsonValue
from harness.task import Row, Task

UNLABELLED = -1
"""What Hub data sets write where the label is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """One label for a text or a pair of texts.

    Attributes:
        inputs: one or two text columns.
        labels: label names in the order of the data set's label numbers.
        label: the column of the label: a number, or a name of `labels`; -1 or a
            missing value is unlabelled.
    """

    inputs: tuple[str, ...]
    labels: tuple[str, ...]
    label: str = "label"

    def __post_init__(self) -> None:
        if len(self.inputs) not in (1, 2):
            raise PluginError(
                f"a classification has one or two input columns, not {self.inputs!r}: "
                "correct the task's inputs"
            )
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < 2:
            raise PluginError(
                f"a classification has two or more different labels, not "
                f"{self.labels!r}: correct the task's labels"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The text columns that every row must have."""
        return self.inputs

    @property
    def target_column(self) -> str:
        """The column that holds the label."""
        return self.label

    def read_target(self, row: Row) -> JsonValue:
        """Return the label's name, None where the row is unlabelled.

        Raises:
            ValueError: the label is none of the task's.
        """
        value = row[self.label]
        if value is None or (value == UNLABELLED and not isinstance(value, str)):
            return None
        if isinstance(value, str) and value in self.labels:
            return value
        if isinstance(value, int) and 0 <= value < len(self.labels):
            return self.labels[value]
        names = ", ".join(f"{i} ({name})" for i, name in enumerate(self.labels))
        raise ValueError(f"label {value!r}, expected one of {names}, or -1 for none")

    def formulations(self, task: Task) -> list[Formulation]:
        """Return the head, then `rank` and `generate` for every prompt."""
        ranks: list[Formulation] = [
            Rank(prompt=name, wording=prompt, labels=self.labels)
            for name, prompt in task.prompts.items()
        ]
        generated: list[Formulation] = [
            GenerateText(prompt=name, wording=prompt)
            for name, prompt in task.prompts.items()
        ]
        head = ClassifyHead(inputs=self.inputs, labels=self.labels)
        return [head, *ranks, *generated]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A number for a text or a pair of texts.

    Attributes:
        inputs: one or two text columns.
        low: the smallest label there is.
        high: the largest label there is.
        label: the column of the number; below `low` only -1 stands, for unlabelled.
    """

    inputs: tuple[str, ...]
    low: float
    high: float
    label: str = "label"

    @property
    def columns(self) -> tuple[str, ...]:
        """The text columns that every row must have."""
        return self.inputs

    @property
    def target_column(self) -> str:
        """The column that holds the number."""
        return self.label

    @property
    def labels(self) -> tuple[str, ...]:
        """A regression has no label names."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the number, None where the row is unlabelled.

        Raises:
            ValueError: it is no number between `low` and `high`.
        """
        value = row[self.label]
        if value is None or value == UNLABELLED:
            return None
        if isinstance(value, int | float) and self.low <= value <= self.high:
            return float(value)
        raise ValueError(
            f"label {value!r}, expected a number from {self.low} to {self.high}"
        )

    def formulations(self, task: Task) -> list[Formulation]:
        """Return the head, then `generate` for every prompt."""
        generated: list[Formulation] = [
            GenerateText(prompt=name, wording=prompt)
            for name, prompt in task.prompts.items()
        ]
        return [RegressHead(inputs=self.inputs), *generated]
