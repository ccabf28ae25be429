"""A trained head that finds the answer's place in a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import DataError
from harness.formulations.base import Exemplars, TrainedHead
from harness.model import Head
from harness.requests import Answer, Extract, ExtractAnswer, JsonValue, Request
from harness.task import Example, Prediction, pick

NO_ANSWER: list[JsonValue] = [""]
"""The target of a question without an answer: the empty text is the right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractHead(TrainedHead):
    """Ask a trained head for the span that answers a question.

    A prediction's detail holds the best spans and, as ``no_answer``, how much higher
    no answer scores than the best span: the null odds of `run_squad.py` of Devlin et
    al. 2018, in whose order the official script searches a threshold.

    Attributes:
        question: the column of the question.
        context: the column of the text.
        starts: the column of the right answers' places, in characters; only training
            reads it.
        may_be_unanswerable: whether no answer may be right; where it may not, the best
            span is the prediction whatever no answer scores.
        threshold: the ``no_answer`` above which there is no answer.
        n_best: how many spans stand in the detail.
    """

    question: str
    context: str
    starts: str
    may_be_unanswerable: bool
    threshold: float
    n_best: int

    @property
    def asks(self) -> type[Request]:
        return Extract

    @property
    def head(self) -> Head:
        return Head(kind="extract")

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (self._request(example),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, ExtractAnswer)
        doubt = answer.no_answer_score - answer.score
        is_none = self.may_be_unanswerable and doubt > self.threshold
        spans: list[JsonValue] = [
            {"text": text, "start": start, "score": score}
            for text, start, score in zip(
                answer.n_best_texts,
                answer.n_best_starts,
                answer.n_best_scores,
                strict=True,
            )
        ]
        return Prediction(
            id=example.id,
            value="" if is_none else answer.text,
            detail={"no_answer": doubt, "spans": spans},
        )

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (self._right(example),)

    def _request(self, example: Example) -> Extract:
        return Extract(
            question=str(pick(example.columns, self.question)),
            context=str(pick(example.columns, self.context)),
            n_best=self.n_best,
        )

    def _right(self, example: Example) -> ExtractAnswer:
        if example.target == NO_ANSWER:
            return ExtractAnswer(text="", start=None, score=0, no_answer_score=1)
        assert isinstance(example.target, list)
        text = str(example.target[0])
        start = self._start(example, text)
        return ExtractAnswer(text=text, start=start, score=1, no_answer_score=0)

    def _start(self, example: Example, text: str) -> int:
        """Return where an answer begins: as the data says, or the place nearest to it.

        Raises:
            DataError: the text does not hold the answer.
        """
        context = str(pick(example.columns, self.context))
        starts = pick(example.columns, self.starts)
        told = starts[0] if isinstance(starts, list) and starts else 0
        wanted = told if isinstance(told, int) else 0
        if context.startswith(text, wanted):
            return wanted
        before = context.rfind(text, 0, wanted + len(text))
        after = context.find(text, wanted)
        found = [place for place in (before, after) if place >= 0]
        if not found:
            raise DataError(
                f"the {self.context} of example {example.id!r} does not hold its "
                f"answer {text!r}, expected it word for word: correct or remove the row"
            )
        return min(found, key=lambda place: abs(place - wanted))
