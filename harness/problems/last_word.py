"""The last word of a passage, given all before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.formulations import Continuation, Formulation
from harness.problems.language_modelling import uniform_bytes
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWord:
    """The last word of a passage: how probable, and what the model would have said.

    The target is the word. A prediction is ``{"nats": log-likelihood, "tokens":
    count, "is_greedy": bool}``.

    Attributes:
        text: the column of the passage, words apart by one space.
    """

    text: str = "text"

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The one column that every row must have."""
        return {self.text: "text"}

    @property
    def target_column(self) -> str:
        """The column of the passage."""
        return self.text

    @property
    def labels(self) -> tuple[str, ...]:
        """Any word may be the last."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the last word.

        Raises:
            ValueError: the passage has less than two words.
        """
        before, _, last = str(pick(row, self.text)).rpartition(" ")
        if not before.strip() or not last:
            raise ValueError("the passage has no last word after another one")
        return last

    def formulations(self, task: Task) -> list[Formulation]:
        """Return `likelihood` of the word after the passage."""
        return [Continuation(context=self._before, continuation=self._last)]

    @property
    def learns_majority(self) -> bool:
        """The simplest answer is made of the row alone."""
        return False

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return what a model says to whom every byte is equally probable."""
        return [self._uniform(example) for example in examples]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Return the same as `majority`: there is nothing to draw."""
        return self.majority(examples, ())

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return certainty: the word has probability 1."""
        return [{"nats": 0.0, "tokens": 1, "is_greedy": True} for _ in examples]

    def _uniform(self, example: Example) -> JsonValue:
        said = uniform_bytes(f" {example.target}")
        assert isinstance(said, dict)
        return {**said, "is_greedy": False}

    def _before(self, row: Row) -> str:
        return str(pick(row, self.text)).rpartition(" ")[0]

    def _last(self, row: Row) -> str:
        return " " + str(pick(row, self.text)).rpartition(" ")[2]
