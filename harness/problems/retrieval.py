"""What belongs to it, among all the others of the set."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import PluginError
from harness.formulations import Formulation, Retrieve
from harness.problems.baselines import draw_each
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, Template, pick

_ORDER = "order of the majority baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What belongs to each example, among all examples of the set.

    A prediction is a list of ids, best first. There are two kinds. Where examples
    have a `candidate` text, each query looks for the one candidate whose example has
    the same target: its own. Where they have none, each looks for the other examples
    of the same target, its class.

    Attributes:
        query: the text that is looked for, as models read it.
        candidate: the text that is found, None for the queries themselves.
        inputs: the columns that these texts are made of, with what each holds.
        target: the column of the class, or of the id where there are candidates.
        depth: how many ids the official metric reads at most.
    """

    query: Template
    candidate: Template | None = None
    inputs: Mapping[str, Kind]
    target: str
    depth: int

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise PluginError(
                f"a retrieval has the depth {self.depth}, expected 1 or more: correct "
                "the task's problem"
            )

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The columns that every row must have."""
        return self.inputs

    @property
    def target_column(self) -> str:
        """The column of the class or id."""
        return self.target

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes of a retrieval are not known beforehand."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the class or id as text, None where there is none.

        Raises:
            ValueError: it is neither a text nor a whole number.
        """
        value = pick(row, self.target)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"target {value!r}, expected a text or a whole number")
        return str(value)

    def formulations(self, task: Task) -> list[Formulation]:
        """Return `embed`."""
        way = Retrieve(query=self.query, candidate=self.candidate, depth=self.depth)
        return [way]

    @property
    def learns_majority(self) -> bool:
        """A random order needs no training."""
        return False

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return one random order of the set for all, always the same."""
        order = [example.id for example in examples]
        random.Random(_ORDER).shuffle(order)
        head = order[: self.depth + 1]
        return [self._cut(head, example) for example in examples]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Draw ids of the set for every example."""
        count = min(self.depth + 1, len(examples))

        def draw(example: Example, dice: random.Random) -> JsonValue:
            return self._cut([one.id for one in dice.sample(examples, count)], example)

        return draw_each(examples, seed, draw)

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return all ids that belong to each example, in the order of the set."""
        classes: dict[JsonValue, list[str]] = {}
        for example in examples:
            classes.setdefault(str(example.target), []).append(example.id)
        return [
            self._cut(classes[str(example.target)], example) for example in examples
        ]

    def _cut(self, ids: Sequence[str], example: Example) -> JsonValue:
        is_own_left_out = self.candidate is None
        kept = [i for i in ids if not (is_own_left_out and i == example.id)]
        return [*kept[: self.depth]]
