"""Trained heads over one text, a pair of texts, or a text with each of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.formulations.base import Exemplars, TrainedHead, most_probable
from harness.formulations.rank import Candidates, softmax
from harness.model import Head, TrainingExample
from harness.requests import (
    Answer,
    Choose,
    ChooseAnswer,
    Classify,
    ClassifyAnswer,
    JsonValue,
    Regress,
    RegressAnswer,
    Request,
)
from harness.task import Example, Prediction, Row, Template, is_right, render


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head(TrainedHead):
    """What heads over one text or a pair share: the texts, as templates."""

    texts: tuple[Template, ...]

    def _texts(self, row: Row) -> tuple[str, str | None]:
        texts = [render(text, row) for text in self.texts]
        return texts[0], texts[1] if len(texts) > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyHead(_Head):
    """Ask a trained head for the probability of every label."""

    labels: tuple[str, ...]

    @property
    def asks(self) -> type[Request]:
        return Classify

    @property
    def head(self) -> Head:
        return Head(kind="classify", labels=self.labels)

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (self._request(example),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, ClassifyAnswer)
        return most_probable(example, self.labels, answer.probabilities)

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (self._right(example),)

    def _request(self, example: Example) -> Classify:
        text, pair = self._texts(example.columns)
        return Classify(text=text, pair=pair, labels=self.labels)

    def _right(self, example: Example) -> ClassifyAnswer:
        hot = tuple(float(label == example.target) for label in self.labels)
        return ClassifyAnswer(probabilities=hot)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressHead(_Head):
    """Ask a trained head for a value."""

    @property
    def asks(self) -> type[Request]:
        return Regress

    @property
    def head(self) -> Head:
        return Head(kind="regress")

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        text, pair = self._texts(example.columns)
        return (Regress(text=text, pair=pair),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, RegressAnswer)
        return Prediction(id=example.id, value=answer.value)

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (RegressAnswer(value=_number(example.target)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseHead(TrainedHead):
    """Ask a trained head to score every candidate after the context.

    Attributes:
        context: what stands before each candidate: a template.
        candidates: what the answer is one of; of equal ones the first wins.
        texts: what the head reads of every candidate, in the same order.
    """

    context: Template
    candidates: Candidates
    texts: Candidates

    @property
    def asks(self) -> type[Request]:
        return Choose

    @property
    def head(self) -> Head:
        return Head(kind="choose")

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (self._request(example),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, ChooseAnswer)
        candidates = self.candidates(example.columns)
        return most_probable(example, candidates, softmax(answer.scores))

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (self._right(example),)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        """Return the one right choice, or nothing where no candidate is right."""
        request, answer = self._request(example), self._right(example)
        if not any(answer.scores):
            return ()
        return (TrainingExample(request=request, answer=answer),)

    def _request(self, example: Example) -> Choose:
        context = render(self.context, example.columns)
        return Choose(context=context, choices=tuple(self.texts(example.columns)))

    def _right(self, example: Example) -> ChooseAnswer:
        candidates = self.candidates(example.columns)
        hits = [is_right(candidate, example.target) for candidate in candidates]
        return ChooseAnswer(scores=tuple(map(float, hits)))


def _number(value: JsonValue) -> float:
    assert isinstance(value, int | float)
    return float(value)
