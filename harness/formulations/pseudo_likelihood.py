"""Asking a masked model for the pseudo-log-likelihood of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.formulations.base import Exemplars, Unprompted
from harness.model import TrainingExample
from harness.requests import (
    Answer,
    PseudoLikelihood,
    PseudoLikelihoodAnswer,
    Request,
)
from harness.task import Example, Prediction, Template, render


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPseudoLikelihood(Unprompted):
    """Ask for the pseudo-log-likelihood of a whole text.

    Its perplexity can't be compared with that of a likelihood, so a task that offers
    this formulation offers no other.

    Attributes:
        text: what the model reads.
    """

    text: Template

    @property
    def name(self) -> str:
        return "pseudo-likelihood"

    @property
    def asks(self) -> type[Request]:
        return PseudoLikelihood

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (PseudoLikelihood(text=render(self.text, example.columns)),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, PseudoLikelihoodAnswer)
        value = {"nats": answer.nats, "tokens": answer.token_count}
        return Prediction(id=example.id, value={**value})

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        raise UsageError(
            f"the pseudo-likelihood of example {example.id!r} has no right answer: ask "
            "a model"
        )

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        raise UsageError(
            f"nothing is trained to say the pseudo-likelihood of example {example.id!r}: "
            "fine-tune for another task"
        )
