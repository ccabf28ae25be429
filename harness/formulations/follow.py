"""Saying each word of a text, given the true words before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.formulations.base import Exemplars, Unprompted
from harness.requests import Answer, Follow, FollowAnswer, JsonValue, Request
from harness.task import Example, Prediction, Row, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowWords(Unprompted):
    """Ask what the model would have said at each word of a column.

    Attributes:
        words: the column of the list of words; a dotted path where it is nested.
    """

    words: str

    @property
    def name(self) -> str:
        return "follow"

    @property
    def asks(self) -> type[Request]:
        return Follow

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (Follow(words=words_of(example.columns, self.words)),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, FollowAnswer)
        value: list[JsonValue] = [*answer.predictions]
        return Prediction(id=example.id, value=value)

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (FollowAnswer(predictions=words_of(example.columns, self.words)),)


def words_of(row: Row, column: str) -> tuple[str, ...]:
    """Return a column of words."""
    words = pick(row, column)
    return tuple(str(word) for word in words) if isinstance(words, list) else ()
