"""A tag for every word of a sentence."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.data.checks import shorten
from harness.errors import PluginError
from harness.formulations import Formulation, TagHead
from harness.problems.baselines import draw_each, known_targets, own_targets
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """A tag for every word; target and prediction are the tags, joined by spaces.

    Attributes:
        words: the column of the list of words.
        target: the column of the list of tags: numbers, or names of `tags`.
        tags: the tags' names in the order of the data set's numbers; no label names
            of the task, since no example has one of them.
    """

    words: str = "tokens"
    target: str = "tags"
    tags: tuple[str, ...]

    def __post_init__(self) -> None:
        names = set(self.tags)
        is_plain = all(tag and tag.split() == [tag] for tag in self.tags)
        if len(names) != len(self.tags) or len(names) < 2 or not is_plain:
            raise PluginError(
                f"a tagging has two or more different tags without spaces, not "
                f"{self.tags!r}: correct the task's tags"
            )

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The column of the words."""
        return {self.words: "texts"}

    @property
    def target_column(self) -> str:
        """The column that holds the tags."""
        return self.target

    @property
    def labels(self) -> tuple[str, ...]:
        """An example has a row of tags, not a label."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the tags' names joined by spaces, None where they are hidden.

        Raises:
            ValueError: a tag is none of the task's, or there is not one a word.
        """
        values, words = pick(row, self.target), pick(row, self.words)
        if values is None:
            return None
        if not isinstance(values, list) or not isinstance(words, list):
            raise ValueError(f"tags {shorten(values)}, expected a list of them")
        if len(values) != len(words):
            raise ValueError(
                f"{len(values)} tags for {len(words)} words, expected one a word"
            )
        return " ".join(self._name(value) for value in values)

    def formulations(self, task: Task) -> list[Formulation]:
        """Return the head."""
        return [TagHead(words=self.words, tags=self.tags)]

    @property
    def learns_majority(self) -> bool:
        """The most frequent tag is that of training."""
        return True

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return the most frequent training tag, for every word.

        Raises:
            DataError: there is no training target.
        """
        targets = known_targets(train_targets)
        counts = Counter(tag for target in targets for tag in str(target).split())
        commonest = max(self.tags, key=lambda tag: counts[tag])
        return [" ".join(commonest for _ in self._words(e)) for e in examples]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Draw a tag for every word of every example."""
        return draw_each(examples, seed, self._draw)

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return the targets."""
        return own_targets(examples)

    def _draw(self, example: Example, dice: random.Random) -> JsonValue:
        return " ".join(dice.choice(self.tags) for _ in self._words(example))

    def _words(self, example: Example) -> list[JsonValue]:
        words = pick(example.columns, self.words)
        assert isinstance(words, list)
        return words

    def _name(self, value: JsonValue) -> str:
        if isinstance(value, str) and value in self.tags:
            return value
        if type(value) is int and 0 <= value < len(self.tags):
            return self.tags[value]
        names = ", ".join(f"{i} ({name})" for i, name in enumerate(self.tags))
        raise ValueError(f"tag {value!r}, expected one of {names}")
