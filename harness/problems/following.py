"""The next word at every place of a text."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.formulations import FollowWords, Formulation
from harness.problems.baselines import draw_each, known_targets
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The next word at every place of a text, given the true words before it.

    A prediction is a list of words, one for each of the text's.

    Attributes:
        words: the column of the text's words, which are the targets too.
        specials: words that the metric skips, so that the majority isn't one.
    """

    words: str
    specials: tuple[str, ...] = ()

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The column of words."""
        return {self.words: "texts"}

    @property
    def target_column(self) -> str:
        """The column of words."""
        return self.words

    @property
    def labels(self) -> tuple[str, ...]:
        """Words are no labels."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the words, None where there are none."""
        return pick(row, self.words) or None

    def formulations(self, task: Task) -> list[Formulation]:
        """Return `follow`."""
        return [FollowWords(words=self.words)]

    @property
    def learns_majority(self) -> bool:
        """The most frequent word is that of training."""
        return True

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return the most frequent training word at every place."""
        counts: Counter[str] = Counter()
        for target in known_targets(train_targets):
            counts.update(_words(target))
        for special in self.specials:
            del counts[special]
        (word, _), *_ = counts.most_common(1) or [("", 0)]
        sizes = [len(_words(pick(e.columns, self.words))) for e in examples]
        return [[word] * size for size in sizes]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Return every text's words in a random order."""
        return draw_each(examples, seed, self._shuffle)

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return the words themselves."""
        return [example.target for example in examples]

    def _shuffle(self, example: Example, dice: random.Random) -> JsonValue:
        words = _words(pick(example.columns, self.words))
        return [*dice.sample(words, len(words))]


def _words(value: JsonValue) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []
