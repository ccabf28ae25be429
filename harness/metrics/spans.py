"""Metrics over answers that are spans of a text: SQuAD 1.1, SQuAD 2.0 and MLQA.

Targets are lists of acceptable texts; a list of one empty text means that there is no
answer (see `SpanAnswer`). Of several acceptable texts the best counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from harness.errors import DataError
from harness.metrics.span_text import Answer, Normalise, Reader, overlap_f1
from harness.requests import JsonValue
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

Measure = Literal["exact", "f1"]
Questions = Literal["all", "answerable", "unanswerable"]

NO_ANSWER: list[JsonValue] = [""]
"""The target of a question without an answer."""

DOUBT = "no_answer"
"""Where `Prediction.detail` says how likely a question has no answer: any number, of
which only the order and the threshold matter."""

DOUBT_PLACE = "no_answer_place"
"""Where the detail says which place a doubt had in its file, if not the example's."""

WEIGHTS_AT_ONCE = 4_000_000
"""How many weights are summed up at a time; bounds the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SpanMetric:
    """What metrics over spans share."""

    name: str
    measure: Measure
    normalise: Normalise
    options: Mapping[str, str] = field(default_factory=dict)

    version: int = field(default=1, init=False)
    unit: str = field(default="example", init=False)
    scale: float = field(default=100.0, init=False)
    is_lower_better: bool = field(default=False, init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanMatch(_SpanMetric):
    """SQuAD 1.1 and MLQA: every question has an answer; a prediction of None scores 0.

    Two answers of which normalising leaves nothing match exactly and share no word,
    so that their F1 is 0, as in the official scripts.
    """

    @property
    def is_proportion(self) -> bool:
        return self.measure == "exact"

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        read = Reader(self.normalise)
        scores = [
            0.0
            if said is None
            else max(self._score(read(said), read(text)) for text in texts)
            for said, texts in _pairs(self.name, predictions, examples)
        ]
        return np.array(scores)[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return _share(weights @ statistics[:, 0], weights.sum(axis=1))

    def _score(self, said: Answer, right: Answer) -> float:
        if self.measure == "exact":
            return float(said.text == right.text)
        return overlap_f1(said, right)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Squad2(_SpanMetric):
    """What the two ways to score SQuAD 2.0 share."""

    def raw_scores(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> list[float]:
        """Score every prediction as it stands.

        Acceptable texts of which normalising leaves nothing are dropped; without any
        other, and for questions without an answer, nothing is the right answer.
        """
        read = Reader(self.normalise)
        scores = []
        for said, texts in _pairs(self.name, predictions, examples):
            rights = [right for right in map(read, texts) if right.text]
            best = 0.0
            if said is not None:
                answer = read(said)
                best = max(self._score(answer, r) for r in rights or [Answer.of("")])
            scores.append(best)
        return scores

    def _score(self, said: Answer, right: Answer) -> float:
        if self.measure == "exact" or not said.words or not right.words:
            return float(said.text == right.text)
        return overlap_f1(said, right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Squad2Match(_Squad2):
    """SQuAD 2.0: an empty prediction says that there is no answer.

    Attributes:
        questions: which of them count; the score of none is undefined (NaN).
        threshold: a prediction whose `DOUBT` is above it counts as no answer.
    """

    questions: Questions = "all"
    threshold: float = 1.0

    @property
    def is_proportion(self) -> bool:
        return self.measure == "exact" and self.questions == "all"

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return the score, then whether the question counts; shape (examples, 2)."""
        scores = np.array(self.raw_scores(predictions, examples))
        has_answer = np.array([example.target != NO_ANSWER for example in examples])
        doubts = _doubts(self.name, predictions)
        if doubts is not None:
            scores = np.where(doubts > self.threshold, ~has_answer, scores)
        is_counted = {
            "all": np.ones(len(examples)),
            "answerable": has_answer,
            "unanswerable": ~has_answer,
        }[self.questions].astype(np.float64)
        return np.stack([scores * is_counted, is_counted], axis=1)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = weights @ statistics
        return _share(sums[:, 0], sums[:, 1])


class _Sweep(NamedTuple):
    """What a rising threshold meets, in order: columns of the statistics."""

    gain: Floats
    is_unanswerable: Floats
    doubt: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Squad2Best(_Squad2):
    """SQuAD 2.0 at the threshold that suits the scored set best.

    Predictions are taken in rising order of `DOUBT`, equal ones in the order of the
    file of doubts (`DOUBT_PLACE`), which is that of the examples without one; up to the threshold they count as they stand, behind it as no answer.
    Undefined (NaN) where no prediction says how much it is in doubt.
    """

    is_proportion: bool = field(default=False, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return place, gain, whether unanswerable, and doubt; shape (examples, 4).

        The gain is what an answer scores above no answer: in the official script any
        text at all loses an unanswerable question. Neighbours alike in doubt, gain
        and kind share a place, since their order changes nothing.
        """
        scores = self.raw_scores(predictions, examples)
        doubts = _doubts(self.name, predictions)
        if doubts is None:
            return np.full((len(examples), 4), np.nan)
        rows = [
            (doubt, -float(p.value != ""), 1.0)
            if example.target == NO_ANSWER
            else (doubt, score, 0.0)
            for doubt, score, p, example in zip(
                doubts, scores, predictions, examples, strict=True
            )
        ]
        columns = np.array(rows)
        order = np.lexsort((_doubt_places(predictions), doubts))
        ordered = columns[order]
        is_new = np.any(ordered[1:] != ordered[:-1], axis=1)
        places = np.empty(len(rows))
        places[order] = np.concatenate([[0], np.cumsum(is_new)])
        return np.column_stack([places, columns[:, 1], columns[:, 2], columns[:, 0]])

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        order = np.argsort(statistics[:, 0], kind="stable")
        # a bootstrap hands over sorted rows; taking them in another order is slow
        is_in_order = np.array_equal(order, np.arange(len(order)))
        sweep = _Sweep(*statistics[order, 1:].T)
        scores = []
        for part in _chunks(weights):
            drawn = part if is_in_order else np.take(part, order, axis=1)
            right = drawn @ sweep.is_unanswerable
            gains = drawn * sweep.gain
            best = np.cumsum(gains, axis=1, out=gains).max(axis=1)
            scores.append(_share(right + np.maximum(best, 0), part.sum(axis=1)))
        return np.concatenate(scores)

    def best_threshold(self, statistics: Floats) -> float:
        """Return the doubt up to which predictions stand; 0 where none should.

        Summed in the order of the official script, so that rounding decides between
        equals as it does there.
        """
        sweep = _Sweep(*statistics[np.argsort(statistics[:, 0], kind="stable"), 1:].T)
        start = sweep.is_unanswerable.sum()
        best = int(np.argmax(np.cumsum(np.concatenate([[start], sweep.gain]))))
        return float(sweep.doubt[best - 1]) if best else 0.0


def _pairs(
    metric: str, predictions: Sequence[Prediction], examples: Sequence[Example]
) -> Iterator[tuple[str | None, list[str]]]:
    """Yield every prediction with the acceptable texts.

    Raises:
        DataError: there is no example, a prediction is no text, or a target no list
            of one text or more.
    """
    if not examples:
        raise DataError(
            f"{metric}: there is no example to score, expected at least one: check "
            "the split and the limit"
        )
    for prediction, example in zip(predictions, examples, strict=True):
        said = prediction.value
        if not isinstance(said, str | None):
            raise DataError(
                f"{metric}: the prediction {said!r} of example {prediction.id!r} is no "
                "text, expected the answer's text, empty for none: correct the "
                "prediction"
            )
        yield said, _texts(metric, example)


def _texts(metric: str, example: Example) -> list[str]:
    target = example.target
    texts = [t for t in target if isinstance(t, str)] if type(target) is list else []
    if not texts or target != texts:
        raise DataError(
            f"{metric}: the target {target!r} of example {example.id!r} is no list of "
            "texts, expected one text or more: correct the data or choose another "
            "metric"
        )
    return texts


def _doubts(metric: str, predictions: Sequence[Prediction]) -> Floats | None:
    """Return every prediction's doubt, None where none has one.

    Raises:
        DataError: some have none, or one is no number.
    """
    found = [prediction.detail.get(DOUBT) for prediction in predictions]
    if all(value is None for value in found):
        return None
    for prediction, value in zip(predictions, found, strict=True):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or math.isnan(float(str(value))):
            raise DataError(
                f"{metric}: example {prediction.id!r} has the no-answer score "
                f"{value!r}, expected a number for every example or for none: "
                "complete the scores or leave them out"
            )
    return np.array(found, dtype=np.float64)


def _doubt_places(predictions: Sequence[Prediction]) -> Floats:
    told = [prediction.detail.get(DOUBT_PLACE) for prediction in predictions]
    places = [at if isinstance(at, int) else n for n, at in enumerate(told)]
    return np.array(places, dtype=np.float64)


def _chunks(weights: Floats) -> Iterator[Floats]:
    size = max(1, WEIGHTS_AT_ONCE // max(weights.shape[1], 1))
    for start in range(0, len(weights), size):
        yield weights[start : start + size]


def _share(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; undefined where nothing counts."""
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result
