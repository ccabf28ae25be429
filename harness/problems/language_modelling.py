"""How probable is a text? Its own words are all there is to answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.formulations import (
    Formulation,
    TextAsTarget,
    TextLikelihood,
    TextPseudoLikelihood,
)
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, Template, pick, render

BYTE_VALUES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelling:
    """The log-likelihood of a text.

    The target is the text itself, so every row is labelled and training targets are
    training texts. A prediction is ``{"nats": log-likelihood, "tokens": count}``.

    Attributes:
        text: the column of the text, whose words and bytes perplexities count.
        asked: what a model reads, where that is not the text as it stands (one that
            was tokenised, put back together).
        is_pseudo: whether masked models are asked for a pseudo-log-likelihood instead;
            a task of its own, as perplexities of the two can't be compared.
    """

    text: str = "text"
    asked: Template | None = None
    is_pseudo: bool = False

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The one column that every row must have."""
        return {self.text: "text"}

    @property
    def target_column(self) -> str:
        """The column of the text."""
        return self.text

    @property
    def labels(self) -> tuple[str, ...]:
        """A text has no label names."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the text."""
        return pick(row, self.text)

    def reading(self, text: str) -> str:
        """Return what a model reads of a text."""
        return text if self.asked is None else render(self.asked, {self.text: text})

    def formulations(self, task: Task) -> list[Formulation]:
        """Return `likelihood`, then that of the text as an encoder-decoder's target.

        Where the task is of pseudo-likelihoods, that alone.
        """
        text = self.asked or f"{{{self.text}}}"
        if self.is_pseudo:
            return [TextPseudoLikelihood(text=text)]
        return [TextLikelihood(text=text), TextAsTarget(text=text)]

    @property
    def learns_majority(self) -> bool:
        """The simplest answer is made of the row alone."""
        return False

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return what a model says to whom every byte is equally probable: 8 bits."""
        return [uniform_bytes(str(example.target)) for example in examples]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Return the same as `majority`: there is nothing to draw."""
        return self.majority(examples, ())

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Refuse to name a perfect likelihood.

        Raises:
            UsageError: always; says why.
        """
        raise UsageError(NO_PERFECT)


NO_PERFECT = (
    "a text has no right likelihood that an oracle could give: ask a model, or the "
    "baseline ngram:"
)


def uniform_bytes(text: str) -> JsonValue:
    """Return the likelihood of a text all of whose bytes are equally probable."""
    count = len(text.encode("utf-8", "surrogatepass"))
    return {"nats": -count * math.log(BYTE_VALUES), "tokens": count}
