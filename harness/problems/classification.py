"""One label for a text or a pair of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import PluginError
from harness.formulations import (
    ClassifyHead,
    FillBlank,
    Formulation,
    GenerateText,
    Rank,
)
from harness.problems.baselines import draw_each, most_frequent, own_targets
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, Template

UNLABELLED = -1
"""What Hub data sets write where the label is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """One label for a text or a pair of texts.

    Attributes:
        inputs: one or two text columns: what a head reads.
        more: other columns that prompts or `texts` use, with what each holds.
        texts: what a head reads instead of the columns themselves: one or two
            templates, for inputs that need wording (a marked word).
        labels: label names in the order of the data set's label numbers.
        label: the column of the label: a number, or a name of `labels`; -1 or a
            missing value is unlabelled.
    """

    inputs: tuple[str, ...]
    labels: tuple[str, ...]
    label: str = "label"
    more: Mapping[str, Kind] = field(default_factory=dict)
    texts: tuple[Template, ...] = ()

    def __post_init__(self) -> None:
        given = self.texts or self.inputs
        if len(given) not in (1, 2):
            raise PluginError(
                f"a classification has one or two input columns, not {given!r}: "
                "correct the task's inputs"
            )
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < 2:
            raise PluginError(
                f"a classification has two or more different labels, not "
                f"{self.labels!r}: correct the task's labels"
            )

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The columns that every row must have."""
        return {**dict.fromkeys(self.inputs, "text"), **self.more}

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
        """Return the head, then `rank`, `generate` and `cloze` for their prompts."""
        ranks: list[Formulation] = [
            Rank(prompt=name, wording=prompt, candidates=self._candidates)
            for name, prompt in task.prompts.items()
            if "rank" in prompt.asked_by
        ]
        generated: list[Formulation] = [
            GenerateText(prompt=name, wording=prompt)
            for name, prompt in task.prompts.items()
            if "generate" in prompt.asked_by
        ]
        blanks: list[Formulation] = [
            FillBlank(prompt=name, wording=prompt, candidates=self._candidates)
            for name, prompt in task.prompts.items()
            if "cloze" in prompt.asked_by
        ]
        texts = self.texts or tuple(f"{{{name}}}" for name in self.inputs)
        head = ClassifyHead(texts=texts, labels=self.labels)
        return [head, *ranks, *generated, *blanks]

    @property
    def learns_majority(self) -> bool:
        """The most frequent label is that of training."""
        return True

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return the most frequent training label, for every example."""
        return [most_frequent(train_targets, self.labels)] * len(examples)

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Draw a label for every example."""
        return draw_each(examples, seed, lambda _, dice: dice.choice(self.labels))

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return the targets."""
        return own_targets(examples)

    def _candidates(self, _row: Row) -> tuple[str, ...]:
        return self.labels
