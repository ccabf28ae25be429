"""A number for a text or a pair of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.formulations import Formulation, GenerateText, RegressHead
from harness.problems.baselines import draw_each, known_targets, own_targets
from harness.problems.classification import UNLABELLED
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task


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
    def columns(self) -> Mapping[str, Kind]:
        """The text columns that every row must have."""
        return dict.fromkeys(self.inputs, "text")

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
        texts = tuple(f"{{{name}}}" for name in self.inputs)
        return [RegressHead(texts=texts), *generated]

    @property
    def learns_majority(self) -> bool:
        """The mean is that of training."""
        return True

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return the mean training number, for every example.

        A constant has no correlation, which is then shown as undefined.
        """
        known = known_targets(train_targets)
        numbers = [float(t) for t in known if isinstance(t, int | float)]
        return [sum(numbers) / len(numbers)] * len(examples)

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Draw a number of the range for every example."""
        return draw_each(
            examples, seed, lambda _, dice: dice.uniform(self.low, self.high)
        )

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return the targets."""
        return own_targets(examples)
