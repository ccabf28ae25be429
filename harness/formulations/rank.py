"""Comparing the log-probabilities of ready-made answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harness.formulations.base import Exemplars, most_probable
from harness.formulations.prompted import Prompted
from harness.model import TrainingExample
from harness.requests import Answer, JsonValue, Request, Score, ScoreAnswer
from harness.task import Example, Prediction, Row, is_right, word_choice

Candidates = Callable[[Row], Sequence[str]]
"""What a row's answer is one of: its labels, its choices, its entities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank(Prompted):
    """Compare the log-probabilities of the candidates' wordings; the highest wins.

    Attributes:
        candidates: what the answer is one of; of equal ones the first wins.
        is_normalised: whether each log-probability is divided by the characters of
            the candidate's wording, delimiter left out, so that long answers are not
            at a disadvantage, as lm-evaluation-harness's ``acc_norm`` has it.
    """

    candidates: Candidates
    is_normalised: bool = False

    @property
    def name(self) -> str:
        return "rank-normalised" if self.is_normalised else "rank"

    @property
    def asks(self) -> type[Request]:
        return Score

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (self._request(example, exemplars),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, ScoreAnswer)
        told = values = list(answer.log_probabilities)
        if self.is_normalised:
            sizes = [len(text) for text in self._texts(example.columns)]
            values = [v / max(n, 1) for v, n in zip(values, sizes, strict=True)]
        candidates = self.candidates(example.columns)
        found = most_probable(example, candidates, softmax(values))
        summed: list[JsonValue] = [*told]
        return replace(found, detail={**found.detail, "log_probabilities": summed})

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (self._right(example),)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        """Return what is asked, or nothing where no candidate is right."""
        request, answer = self._request(example), self._right(example)
        if not any(answer.is_greedy):
            return ()
        return (TrainingExample(request=request, answer=answer),)

    def _request(self, example: Example, exemplars: Exemplars = ()) -> Score:
        contexts = self._contexts(example, exemplars)
        choices = tuple(
            self.wording.delimiter + text for text in self._texts(example.columns)
        )
        return Score(context=contexts[0], choices=choices, shorter=contexts[1:])

    def _right(self, example: Example) -> ScoreAnswer:
        right = [
            is_right(candidate, example.target)
            for candidate in self.candidates(example.columns)
        ]
        counts = (1,) * len(right)
        return ScoreAnswer(
            log_probabilities=tuple(0.0 if hit else -1e6 for hit in right),
            is_greedy=tuple(right),
            token_counts=counts,
            byte_counts=counts,
        )

    def _texts(self, row: Row) -> list[str]:
        return [word_choice(self.wording, c, row) for c in self.candidates(row)]


def softmax(log_probabilities: Sequence[float]) -> list[float]:
    """Return probabilities that sum to 1."""
    top = max(log_probabilities)
    powers = [math.exp(value - top) for value in log_probabilities]
    return [power / sum(powers) for power in powers]
