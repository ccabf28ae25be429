"""Filling a blank with one of several candidates, or with the words for them."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import PluginError
from harness.formulations.base import AsksOnce, Exemplars, most_probable
from harness.formulations.rank import Candidates
from harness.model import Head, TrainingExample
from harness.requests import BLANK, Answer, Fill, FillAnswer, Request
from harness.task import Example, Prediction, Prompt, is_right, render, word_choice

_COLUMN = BLANK.strip("{}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FillBlank(AsksOnce):
    """Ask which candidate's wording fits the text's one ``{blank}``.

    The candidate of the most probable wording wins. It is asked without exemplars: a
    text too long is cut around its blank, and would lose parts of them.

    Attributes:
        prompt: the name of the prompt; None where the text is the task's own.
        wording: makes the text, and words the candidates: each is itself unless
            ``answers`` or ``choice`` say otherwise.
        candidates: what the answer is one of; of equal ones the first wins.
    """

    prompt: str | None = None
    wording: Prompt
    candidates: Candidates

    def __post_init__(self) -> None:
        text = self.wording.text
        if isinstance(text, str) and _fields(text).count(_COLUMN) != 1:
            owner = f"the prompt {self.prompt!r}" if self.prompt else "a task to fill"
            raise PluginError(
                f"{owner} has the text {text!r}, expected one {BLANK} in it: put it "
                "where the answer goes"
            )

    @property
    def name(self) -> str:
        return "cloze"

    @property
    def asks(self) -> type[Request]:
        return Fill

    @property
    def head(self) -> Head:
        return Head(kind="fill")

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        row = example.columns
        text = render(self.wording.text, {**row, _COLUMN: BLANK})
        worded = (word_choice(self.wording, c, row) for c in self.candidates(row))
        return (Fill(text=text, candidates=tuple(worded)),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, FillAnswer)
        candidates = self.candidates(example.columns)
        return most_probable(example, candidates, answer.probabilities)

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        candidates = self.candidates(example.columns)
        hot = tuple(float(is_right(text, example.target)) for text in candidates)
        return (FillAnswer(probabilities=hot),)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        """Return what is asked, or nothing where no candidate is right."""
        candidates = self.candidates(example.columns)
        if not any(is_right(text, example.target) for text in candidates):
            return ()
        return AsksOnce.target(self, example)


def _fields(template: str) -> list[str | None]:
    return [name for _, name, _, _ in string.Formatter().parse(template)]
