"""What every formulation is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.model import Head, TrainingExample
from harness.requests import EXEMPLAR_REQUESTS, Answer, JsonValue, Request
from harness.task import Example, Prediction

Exemplars = Sequence[Example]
ExemplarsOf = Callable[[Example], Exemplars]
"""Tells which exemplars stand before an example's question."""


def no_exemplars(example: Example) -> Exemplars:
    """Put nothing before a question."""
    return ()


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


def takes_exemplars(formulation: Formulation) -> bool:
    """Tell whether exemplars can stand before what a formulation asks."""
    return formulation.prompt is not None and formulation.asks in EXEMPLAR_REQUESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class PerExample:
    """What formulations share whose predictions don't depend on one another."""

    @property
    def is_set_level(self) -> bool:
        return False

    def finish(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        return list(predictions)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsksOnce(PerExample, ABC):
    """What formulations share that ask one request and are trained on the same."""

    @property
    def head(self) -> Head:
        return Head(kind="language")

    @abstractmethod
    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]: ...

    @abstractmethod
    def answer_for(self, example: Example) -> tuple[Answer, ...]: ...

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        (request,), (answer,) = self.requests(example), self.answer_for(example)
        return (TrainingExample(request=request, answer=answer),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprompted(AsksOnce, ABC):
    """What formulations share that ask one request, in no words of their own."""

    @property
    def prompt(self) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedHead(Unprompted, ABC):
    """What formulations share that ask a trained head."""

    @property
    def name(self) -> str:
        return "head"


def most_probable(
    example: Example, labels: Sequence[str], probabilities: Sequence[float]
) -> Prediction:
    """Predict the most probable label, the first of equals; all stand in the detail."""
    best = max(range(len(labels)), key=lambda index: probabilities[index])
    detail: dict[str, JsonValue] = dict(zip(labels, probabilities, strict=True))
    return Prediction(id=example.id, value=labels[best], detail=detail)
