"""Filling a blank with one of several candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.formulations.base import Exemplars, Unprompted, most_probable
from harness.formulations.rank import Candidates
from harness.requests import Answer, Fill, FillAnswer, Request
from harness.task import Example, Prediction, Template, is_right, render


@dataclass(frozen=True, slots=True, kw_only=True)
class FillBlank(Unprompted):
    """Ask which candidate fits the text's one ``{blank}``; the most probable wins.

    Attributes:
        text: makes the text, a function of the row: a template would take the
            blank for a column.
        candidates: what the answer is one of; of equal ones the first wins.
    """

    text: Template
    candidates: Candidates

    @property
    def name(self) -> str:
        return "cloze"

    @property
    def asks(self) -> type[Request]:
        return Fill

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        text = render(self.text, example.columns)
        return (Fill(text=text, candidates=tuple(self.candidates(example.columns))),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, FillAnswer)
        candidates = self.candidates(example.columns)
        return most_probable(example, candidates, answer.probabilities)

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        candidates = self.candidates(example.columns)
        hot = tuple(float(is_right(text, example.target)) for text in candidates)
        return (FillAnswer(probabilities=hot),)
