"""Asking for the probability of a text, or of what follows one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.formulations.base import Exemplars, Unprompted
from harness.model import TrainingExample
from harness.requests import (
    Answer,
    Likelihood,
    LikelihoodAnswer,
    Request,
    Score,
    ScoreAnswer,
)
from harness.task import Example, Prediction, Template, render

_CERTAIN = ScoreAnswer(
    log_probabilities=(0.0,), is_greedy=(True,), token_counts=(1,), byte_counts=(1,)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfText(Unprompted):
    """What both share: the name, no prompt, and the model's own output layer."""

    @property
    def name(self) -> str:
        return "likelihood"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLikelihood(_OfText):
    """Ask for the log-likelihood of a whole text.

    Attributes:
        text: what the model reads.
    """

    text: Template

    @property
    def asks(self) -> type[Request]:
        return Likelihood

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (Likelihood(text=render(self.text, example.columns)),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, LikelihoodAnswer)
        value = {"nats": answer.nats, "tokens": answer.token_count}
        return Prediction(id=example.id, value={**value})

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        raise _no_right_answer(example)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        return _text_to_learn(self.text, example)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAsTarget(_OfText):
    """Ask an encoder-decoder for the log-likelihood of a text as target of nothing.

    What its tokenizer does not keep (T5's drops line ends) is not scored, so that its
    perplexity is a little better than its bytes bear.

    Attributes:
        text: the target.
    """

    text: Template

    @property
    def name(self) -> str:
        return "target-likelihood"

    @property
    def asks(self) -> type[Request]:
        return Score

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (Score(context="", choices=(render(self.text, example.columns),)),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, ScoreAnswer)
        (nats,), (tokens,) = answer.log_probabilities, answer.token_counts
        return Prediction(id=example.id, value={"nats": nats, "tokens": tokens})

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        raise _no_right_answer(example)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        return _text_to_learn(self.text, example)


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation(_OfText):
    """Ask for the log-likelihood of a text after another, and whether it is greedy.

    Attributes:
        context: what stands before.
        continuation: what is scored, the space before it included.
    """

    context: Template
    continuation: Template

    @property
    def asks(self) -> type[Request]:
        return Score

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        context = render(self.context, example.columns)
        continuation = render(self.continuation, example.columns)
        return (Score(context=context, choices=(continuation,)),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, ScoreAnswer)
        (nats,), (tokens,) = answer.log_probabilities, answer.token_counts
        (is_greedy,) = answer.is_greedy
        value = {"nats": nats, "tokens": tokens, "is_greedy": is_greedy}
        return Prediction(id=example.id, value={**value})

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (_CERTAIN,)


def _no_right_answer(example: Example) -> UsageError:
    return UsageError(
        f"the likelihood of example {example.id!r} has no right answer: ask a model"
    )


def _text_to_learn(text: Template, example: Example) -> tuple[TrainingExample, ...]:
    request = Score(context="", choices=(render(text, example.columns),))
    return (TrainingExample(request=request, answer=_CERTAIN),)
