"""How far two lists of answers to the same requests are apart, and how far they may be.

An answer must not depend on what stood beside its request: in fp32 logits and vectors
agree within 1e-5 of the larger of 1 and their size, summed log-probabilities within
1e-4, and choice, label, span and text are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import PluginError
from harness.model import Adapter, Budget
from harness.requests import (
    Answer,
    ChooseAnswer,
    ClassifyAnswer,
    EmbedAnswer,
    ExtractAnswer,
    FillAnswer,
    FollowAnswer,
    GenerateAnswer,
    LikelihoodAnswer,
    PseudoLikelihoodAnswer,
    RegressAnswer,
    Request,
    ScoreAnswer,
    TagAnswer,
)

VECTOR = 1e-5
"""Times the larger of 1 and the number's size: logits, values, probabilities, vectors."""
SUM = 1e-4
"""Log-probabilities of a continuation, and what is made of them."""
LONG_SUM = 1e-6
"""Times the size of a long text's log-likelihood, where that is more than `SUM`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """How answers of one type compare.

    Attributes:
        numbers: what must be close.
        decision: what must be the same.
        absolute: the tolerance of a number, however small it is.
        relative: the tolerance of a number as a share of its size.
    """

    numbers: Callable[[Answer], Sequence[float]]
    decision: Callable[[Answer], object]
    absolute: float = VECTOR
    relative: float = VECTOR


def _fields(*names: str) -> Callable[[Answer], Sequence[float]]:
    return lambda answer: [getattr(answer, name) for name in names]


def _vector(name: str) -> Callable[[Answer], Sequence[float]]:
    return lambda answer: tuple(getattr(answer, name))


def _best(name: str) -> Callable[[Answer], object]:
    def place(answer: Answer) -> int:
        values = getattr(answer, name)
        return max(range(len(values)), key=values.__getitem__, default=-1)

    return place


def _same(*names: str) -> Callable[[Answer], object]:
    return lambda answer: tuple(getattr(answer, name) for name in names)


def _nothing(_: Answer) -> tuple[float, ...]:
    return ()


_RULES: Mapping[type[Answer], _Rule] = {
    ScoreAnswer: _Rule(
        numbers=_vector("log_probabilities"),
        decision=lambda a: (_best("log_probabilities")(a), _same("is_greedy")(a)),
        absolute=SUM,
        relative=LONG_SUM,
    ),
    FillAnswer: _Rule(
        numbers=_vector("probabilities"),
        decision=_best("probabilities"),
        absolute=SUM,
        relative=LONG_SUM,
    ),
    LikelihoodAnswer: _Rule(
        numbers=_fields("nats"),
        decision=_same("token_count", "word_count", "byte_count"),
        absolute=SUM,
        relative=LONG_SUM,
    ),
    PseudoLikelihoodAnswer: _Rule(
        numbers=_fields("nats"),
        decision=_same("token_count", "word_count", "byte_count"),
        absolute=SUM,
        relative=LONG_SUM,
    ),
    ClassifyAnswer: _Rule(
        numbers=_vector("probabilities"), decision=_best("probabilities")
    ),
    ChooseAnswer: _Rule(numbers=_vector("scores"), decision=_best("scores")),
    RegressAnswer: _Rule(numbers=_fields("value"), decision=_nothing),
    EmbedAnswer: _Rule(numbers=_vector("vector"), decision=_nothing),
    ExtractAnswer: _Rule(
        numbers=_fields("score", "no_answer_score"), decision=_same("text", "start")
    ),
    TagAnswer: _Rule(numbers=_vector("probabilities"), decision=_same("labels")),
    GenerateAnswer: _Rule(numbers=_nothing, decision=_same("text", "finish_reason")),
    FollowAnswer: _Rule(numbers=_nothing, decision=_same("predictions")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How far two lists of answers are apart.

    Attributes:
        largest: the largest difference of two numbers.
        share: the largest difference as a share of what it may be in fp32; 1 is the
            limit.
        changed: how many answers decide otherwise (choice, label, span, text).
        answers: how many were compared.
    """

    largest: float = 0.0
    share: float = 0.0
    changed: int = 0
    answers: int = 0

    @property
    def is_within(self) -> bool:
        """Whether the answers count as the same."""
        return self.share <= 1 and not self.changed

    def __or__(self, other: Difference) -> Difference:
        """Return the worse of each figure, over the answers of both."""
        return Difference(
            largest=max(self.largest, other.largest),
            share=max(self.share, other.share),
            changed=max(self.changed, other.changed),
            answers=max(self.answers, other.answers),
        )


def _apart(one: float, other: float) -> float:
    if math.isfinite(one) and math.isfinite(other):
        return abs(one - other)
    return 0.0 if one == other else math.inf


def compare(first: Sequence[Answer], second: Sequence[Answer]) -> Difference:
    """Compare answers to the same requests, pairwise; NaN is infinitely far from all."""
    worst = Difference(answers=len(first))
    changed = 0
    for one, other in zip(first, second, strict=True):
        rule = _RULES.get(type(one))
        if rule is None or type(one) is not type(other):
            changed += 1
            continue
        numbers = rule.numbers(one), rule.numbers(other)
        is_changed = len(numbers[0]) != len(numbers[1])
        changed += is_changed or rule.decision(one) != rule.decision(other)
        for a, b in zip(*numbers, strict=False):
            limit = max(rule.absolute, rule.relative * abs(a))
            apart = _apart(a, b)
            share = apart / limit if apart < math.inf else math.inf
            worst |= Difference(largest=apart, share=share)
    return worst | Difference(changed=changed)


def ask(adapter: Adapter, requests: Sequence[Request], budget: int) -> list[Answer]:
    """Ask an adapter once, without cache or second tries, and return its answers.

    Raises:
        PluginError: a request is answered twice, or not at all, or one that was not
            asked.
    """
    stream = adapter.encode(requests)
    answers: dict[int, Answer] = {}
    for key, answer in adapter.session().answer(iter(stream), Budget(tokens=budget)):
        if key in answers or not 0 <= key < len(requests):
            raise PluginError(
                f"the session answers key {key}, which is unknown or answered already"
            )
        answers[key] = answer
    for key, request in enumerate(requests):
        if key not in answers:
            raise PluginError(f"{request!r} is not answered")
    return [answers[key] for key in range(len(requests))]
