"""Formulations: the ways to ask a task, each with its inverse.

A formulation turns an example into requests and the answers back into a prediction.
It also knows the right answers (`answer_for`: for the oracle, for the gold-reachable
lint, for tests) and what a model is trained to say (`target`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.errors import PluginError
from harness.model import Head, TrainingExample
from harness.requests import (
    Answer,
    Classify,
    ClassifyAnswer,
    Generate,
    GenerateAnswer,
    JsonValue,
    Regress,
    RegressAnswer,
    Request,
    Score,
    ScoreAnswer,
)
from harness.task import Example, Prediction, Prompt, Row, render

Exemplars = Sequence[Example]


class Formulation(Protocol):
    """One way to ask a task.

    Attributes:
        name: ``head``, ``rank``, ``generate``, ``cloze``, ``embed`` or ``likelihood``.
        prompt: the name of the prompt that words the requests; None for heads.
        asks: the request type that a model must be able to answer.
        head: the head that fine-tuning trains for this formulation.
        is_set_level: whether `finish` needs all predictions at once.
    """

    @property
    def name(self) -> str: ...

    @property
    def prompt(self) -> str | None: ...

    @property
    def asks(self) -> type[Request]: ...

    @property
    def head(self) -> Head: ...

    @property
    def is_set_level(self) -> bool: ...

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        """Return what to ask about one example, after the exemplars given."""

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        """Make a prediction from the answers to `requests`, in their order."""

    def finish(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Revise predictions that depend on the whole set (thresholds, rankings)."""

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        """Return the right answers to `requests` for a labelled example."""

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        """Return what a model is trained on for a labelled example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PerExample:
    """What formulations share whose predictions don't depend on one another."""

    @property
    def is_set_level(self) -> bool:
        return False

    def finish(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        return list(predictions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head(_PerExample):
    """What heads over one text or a pair share."""

    inputs: tuple[str, ...]

    @property
    def name(self) -> str:
        return "head"

    @property
    def prompt(self) -> None:
        return None

    def _texts(self, row: Row) -> tuple[str, str | None]:
        texts = [str(row[name]) for name in self.inputs]
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
        return _most_probable(example, self.labels, answer.probabilities)

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (self._right(example),)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        request, answer = self._request(example), self._right(example)
        return (TrainingExample(request=request, answer=answer),)

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

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        (request,), (answer,) = self.requests(example), self.answer_for(example)
        return (TrainingExample(request=request, answer=answer),)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prompted(_PerExample):
    """What formulations over a prompt share."""

    prompt: str
    wording: Prompt

    @property
    def head(self) -> Head:
        return Head(kind="language")

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        prompt = render(self.wording.text, example.columns)
        text = self.wording.delimiter + answer_text(self.wording, example)
        request = self._generate((prompt,))
        return (TrainingExample(request=request, answer=GenerateAnswer(text=text)),)

    def _contexts(self, example: Example, exemplars: Exemplars) -> tuple[str, ...]:
        """Return the context with all exemplars, then with one less each."""
        wording = self.wording
        question = render(wording.text, example.columns)
        shots = [
            render(wording.text, shot.columns)
            + wording.delimiter
            + answer_text(wording, shot)
            for shot in exemplars
        ]
        starts = range(len(shots) + 1)
        return tuple(
            wording.description + wording.between.join([*shots[start:], question])
            for start in starts
        )

    def _generate(self, contexts: tuple[str, ...]) -> Generate:
        return Generate(
            prompt=contexts[0],
            shorter=contexts[1:],
            stop=self.wording.stop,
            max_tokens=self.wording.max_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank(_Prompted):
    """Compare the log-probabilities of the labels' wordings; the highest wins."""

    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        return "rank"

    @property
    def asks(self) -> type[Request]:
        return Score

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        contexts = self._contexts(example, exemplars)
        choices = tuple(
            self.wording.delimiter
            + render(self.wording.answers[label], example.columns)
            for label in self.labels
        )
        return (Score(context=contexts[0], choices=choices, shorter=contexts[1:]),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, ScoreAnswer)
        probabilities = _softmax(answer.log_probabilities)
        return _most_probable(example, self.labels, probabilities)

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        right = [label == example.target for label in self.labels]
        counts = (1,) * len(right)
        return (
            ScoreAnswer(
                log_probabilities=tuple(0.0 if hit else -100.0 for hit in right),
                is_greedy=tuple(right),
                token_counts=counts,
                byte_counts=counts,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateText(_Prompted):
    """Let the model write the answer and parse it back."""

    @property
    def name(self) -> str:
        return "generate"

    @property
    def asks(self) -> type[Request]:
        return Generate

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (self._generate(self._contexts(example, exemplars)),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, GenerateAnswer)
        value = self._parse(answer.text, example.columns)
        return Prediction(id=example.id, value=value, detail={"text": answer.text})

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (GenerateAnswer(text=answer_text(self.wording, example)),)

    def _parse(self, text: str, columns: Row) -> JsonValue:
        if self.wording.parse:
            return self.wording.parse(text.strip())
        for label, wording in self.wording.answers.items():
            if render(wording, columns).strip() == text.strip():
                return label
        return None


def answer_text(wording: Prompt, example: Example) -> str:
    """Word an example's target as the prompt would have it answered.

    Raises:
        PluginError: the prompt has no wording for the target.
    """
    if wording.write:
        return wording.write(example.target)
    if example.target in wording.answers:
        return render(wording.answers[str(example.target)], example.columns)
    raise PluginError(
        f"the prompt has no wording for the target {example.target!r}, expected one of "
        f"{', '.join(wording.answers)}: add it to the prompt's answers"
    )


def _most_probable(
    example: Example, labels: Sequence[str], probabilities: Sequence[float]
) -> Prediction:
    best = max(range(len(labels)), key=lambda index: probabilities[index])
    detail: dict[str, JsonValue] = dict(zip(labels, probabilities, strict=True))
    return Prediction(id=example.id, value=labels[best], detail=detail)


def _softmax(log_probabilities: Sequence[float]) -> list[float]:
    top = max(log_probabilities)
    powers = [math.exp(value - top) for value in log_probabilities]
    return [power / sum(powers) for power in powers]


def _number(value: JsonValue) -> float:
    assert isinstance(value, int | float)
    return float(value)
