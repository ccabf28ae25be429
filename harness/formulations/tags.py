"""A trained head that tags every word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.formulations.base import Exemplars, TrainedHead
from harness.model import Head
from harness.requests import Answer, Request, Tag, TagAnswer
from harness.task import Example, Prediction, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class TagHead(TrainedHead):
    """Ask a trained head for the tag of every word.

    Attributes:
        words: the column of the words.
        tags: the tags' names in the order of the head's outputs.
    """

    words: str
    tags: tuple[str, ...]

    @property
    def asks(self) -> type[Request]:
        return Tag

    @property
    def head(self) -> Head:
        return Head(kind="tag", labels=self.tags)

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (self._request(example),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, TagAnswer)
        return Prediction(
            id=example.id,
            value=" ".join(answer.labels),
            detail={"probabilities": [*answer.probabilities]},
        )

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (self._right(example),)

    def _request(self, example: Example) -> Tag:
        words = pick(example.columns, self.words)
        assert isinstance(words, list)
        return Tag(words=tuple(str(word) for word in words), labels=self.tags)

    def _right(self, example: Example) -> TagAnswer:
        tags = tuple(str(example.target).split())
        return TagAnswer(labels=tags, probabilities=(1.0,) * len(tags))
