"""A text for a text: translation, summarisation, repair, code for words."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.data.checks import shorten
from harness.formulations import Formulation, GenerateText
from harness.problems.baselines import draw_each, own_targets
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToText:
    """A text to write for another one, with one or several references.

    Attributes:
        source: the column of the text to read; a dotted path where it is nested.
        target: the column of the reference, or of a list of references; likewise.
        more: other columns that prompts use, with what each holds.
        read: makes the reference of what the column holds, where that is not the
            reference as it stands: a list of tokens to join, a line end to strip.
        simplest: what the majority baseline says of a row; the source itself where
            it is None.
        is_empty_hidden: whether an empty reference stands for a hidden one.
    """

    source: str
    target: str
    more: Mapping[str, Kind] = field(default_factory=dict)
    read: Callable[[JsonValue], str] | None = None
    simplest: Callable[[Row], str] | None = None
    is_empty_hidden: bool = False

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The columns that every row must have."""
        return {self.source: "text", **self.more}

    @property
    def target_column(self) -> str:
        """The column that holds the reference or references."""
        return self.target

    @property
    def labels(self) -> tuple[str, ...]:
        """A text has no label names."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the reference, or the list of references; None where it is hidden.

        Raises:
            ValueError: it is neither a text nor a list of one text or more.
        """
        value = pick(row, self.target)
        if value is not None and self.read is not None:
            value = self.read(value)
        if value is None or (value == "" and self.is_empty_hidden):
            return None
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise ValueError(
                f"reference {shorten(value)}, expected a text or a list of texts"
            )
        return value

    def formulations(self, task: Task) -> list[Formulation]:
        """Return `generate` for every prompt."""
        return [
            GenerateText(prompt=name, wording=prompt)
            for name, prompt in task.prompts.items()
        ]

    @property
    def learns_majority(self) -> bool:
        """The simplest answer is made of the row alone."""
        return False

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return the simplest answer to each row: the source, if nothing else."""
        if self.simplest is None:
            return [pick(example.columns, self.source) for example in examples]
        return [self.simplest(example.columns) for example in examples]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Return every source's words in a random order."""
        return draw_each(examples, seed, self._shuffle)

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return the references, the first of several."""
        return own_targets(examples)

    def _shuffle(self, example: Example, dice: random.Random) -> JsonValue:
        words = str(pick(example.columns, self.source)).split()
        dice.shuffle(words)
        return " ".join(words)
