"""Baselines: what a score must beat before it means anything.

They see examples and training targets, never a model.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness import DataError, Example, Regression, Task, UsageError
from harness.requests import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Majority:
    """Says what training says most: the most frequent label, or the mean number.

    Equally frequent labels are decided by the task's label order. A constant number
    has no correlation, which is then shown as undefined.
    """

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Return the same target for every example.

        Raises:
            DataError: no training example has a target.
        """
        return [_typical(task, train_targets)] * len(examples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Random:
    """Draws a label, or a number in the task's range, uniformly.

    A draw depends on the seed and the example's id alone, not on the other examples.
    """

    seed: int

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Return a draw for every example."""
        return [self._draw(task, example) for example in examples]

    def _draw(self, task: Task, example: Example) -> JsonValue:
        generator = random.Random(f"{self.seed}:{example.id}")
        if isinstance(task.problem, Regression):
            return generator.uniform(task.problem.low, task.problem.high)
        if task.problem.labels:
            return generator.choice(task.problem.labels)
        raise _cannot_answer("random", task)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """Says the target: what every metric calls perfect."""

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Return every example's own target.

        Raises:
            DataError: an example has no target.
        """
        for example in examples:
            if example.target is None:
                raise DataError(
                    f"oracle: example {example.id!r} of {task.id} has no target, "
                    "expected a labelled split: choose another split or baseline"
                )
        return [example.target for example in examples]


def _typical(task: Task, train_targets: Sequence[JsonValue]) -> JsonValue:
    targets = [target for target in train_targets if target is not None]
    if not targets:
        raise DataError(
            f"majority: {task.id} has no training target, expected at least one: "
            "check the data's training split"
        )
    if isinstance(task.problem, Regression):
        numbers = [float(t) for t in targets if isinstance(t, int | float)]
        return sum(numbers) / len(numbers)
    if task.problem.labels:
        counts = Counter(str(target) for target in targets)
        return max(task.problem.labels, key=lambda label: counts[label])
    raise _cannot_answer("majority", task)


def _cannot_answer(baseline: str, task: Task) -> UsageError:
    return UsageError(
        f"the baseline {baseline} can't answer {task.id}, expected a task with labels "
        "or a number: leave it out for this task"
    )
