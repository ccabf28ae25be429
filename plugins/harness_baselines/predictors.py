"""Baselines: what a score must beat before it means anything.

They see examples and training targets, never a model. What is simplest depends on the
problem, so each problem says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import DataError, Example, Task
from harness.requests import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Majority:
    """Says what is simplest: the most frequent label, the mean, the source itself."""

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Return what the task's problem calls the majority.

        Raises:
            DataError: the problem learns from training targets and there are none.
        """
        try:
            return task.problem.majority(examples, train_targets)
        except DataError as error:
            raise DataError(f"majority of {task.id}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Random:
    """Draws a prediction, uniformly where the problem has a range or labels."""

    seed: int

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Return a draw for every example."""
        return task.problem.guess(examples, self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """Says what is right: what every metric calls perfect, where any prediction is."""

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Return what the task's problem calls perfect.

        Raises:
            DataError: an example has no target.
        """
        for example in examples:
            if example.target is None:
                raise DataError(
                    f"oracle: example {example.id!r} of {task.id} has no target, "
                    "expected a labelled split: choose another split or baseline"
                )
        return task.problem.perfect(examples)
