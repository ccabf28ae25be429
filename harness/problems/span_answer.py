"""A question whose answer stands in a text, word for word."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.data.checks import shorten
from harness.formulations import ExtractHead, Formulation, GenerateText
from harness.problems.baselines import draw_each, own_targets
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, pick

EVEN = 0.5
"""How often a random guess is that there is no answer, where there may be none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanAnswer:
    """A question whose answer stands in a text, word for word, or nowhere.

    The target is the list of acceptable texts; where there is no answer, it is a list
    of one empty text, since an empty prediction is the right one.

    Attributes:
        question: the column of the question.
        context: the column of the text.
        answers: the column of the answers: their texts under ``text`` and their places
            in characters under ``answer_start``, as SQuAD's Hub data sets have it.
        may_be_unanswerable: whether a question may have no answer.
        more: other columns that prompts use, with what each holds.
        threshold: how much no answer must score above a head's best span to win; the
            official script of SQuAD 2.0 takes it for no answer above 1 in any case.
        n_best: how many spans a head lists in a prediction's detail.
    """

    question: str = "question"
    context: str = "context"
    answers: str = "answers"
    may_be_unanswerable: bool = False
    more: Mapping[str, Kind] = field(default_factory=dict)
    threshold: float = 0.0
    n_best: int = 5

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The text columns that every row must have."""
        return {self.question: "text", self.context: "text", **self.more}

    @property
    def target_column(self) -> str:
        """The column that holds the answers."""
        return self.answers

    @property
    def labels(self) -> tuple[str, ...]:
        """A span has no label names."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the acceptable texts, None where the row is unlabelled.

        Raises:
            ValueError: there are no such texts, or none where there must be one.
        """
        value = pick(row, self.answers)
        if value is None:
            return None
        texts = value.get("text") if isinstance(value, dict) else None
        if not isinstance(texts, list) or not all(type(t) is str and t for t in texts):
            raise ValueError(
                f"answers {shorten(value)}, expected texts that are not empty, as a "
                "list under 'text'"
            )
        if not texts and not self.may_be_unanswerable:
            raise ValueError("no answer, expected one text or more under 'text'")
        return texts or [""]

    def formulations(self, task: Task) -> list[Formulation]:
        """Return the head, then `generate` for every prompt."""
        head = ExtractHead(
            question=self.question,
            context=self.context,
            starts=f"{self.answers}.answer_start",
            may_be_unanswerable=self.may_be_unanswerable,
            threshold=self.threshold,
            n_best=self.n_best,
        )
        generated: list[Formulation] = [
            GenerateText(prompt=name, wording=prompt)
            for name, prompt in task.prompts.items()
        ]
        return [head, *generated]

    @property
    def learns_majority(self) -> bool:
        """The simplest answer is made of the row alone."""
        return False

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return no answer where that may be right, else the whole text.

        The whole text is the input copied, as for translation: it holds every answer
        and says nothing, and needs no rule to cut it.
        """
        if self.may_be_unanswerable:
            return [""] * len(examples)
        return [pick(example.columns, self.context) for example in examples]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Draw a stretch of words from every text, or no answer half the time."""
        return draw_each(examples, seed, self._draw)

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return the answers, the first of several."""
        return own_targets(examples)

    def _draw(self, example: Example, dice: random.Random) -> JsonValue:
        words = str(pick(example.columns, self.context)).split()
        is_none = self.may_be_unanswerable and dice.random() < EVEN
        if is_none or not words:
            return ""
        ends = dice.randrange(len(words)), dice.randrange(len(words))
        return " ".join(words[min(ends) : max(ends) + 1])
