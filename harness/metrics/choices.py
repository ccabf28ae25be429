"""Metrics over examples that belong together: answers to one question, swapped pairs.

The official SuperGLUE scorers of MultiRC and AX-g. All are additive over their units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.errors import DataError
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats


class _Outcome(NamedTuple):
    """Whether an example is said to be positive, and whether it is."""

    group: str
    says_positive: bool
    is_positive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _QuestionMetric:
    """What metrics over the candidate answers of questions share.

    An example is one candidate answer, its group the question. A prediction of None
    counts as the wrong one of the two labels, as T5's `f1_score_with_invalid` has it.
    """

    labels: tuple[str, ...]
    positive: str
    options: Mapping[str, str] = field(default_factory=dict)

    name: str = field(init=False)
    version: int = field(default=1, init=False)
    unit: str = field(default="question group", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)

    def _by_question(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> list[list[_Outcome]]:
        """Return every question's outcomes, questions in order of appearance."""
        questions: dict[str, list[_Outcome]] = {}
        for outcome in self._outcomes(predictions, examples):
            questions.setdefault(outcome.group, []).append(outcome)
        if not questions:
            raise DataError(
                f"{self.name}: there is no example to score, expected at least one: "
                "check the split and the limit"
            )
        return list(questions.values())

    def _outcomes(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Iterator[_Outcome]:
        for prediction, example in zip(predictions, examples, strict=True):
            if example.group is None:
                raise DataError(
                    f"{self.name}: example {example.id!r} has no group, expected the "
                    "question that it answers: name the task's group_column"
                )
            for what, value in (
                ("target", example.target),
                ("prediction", prediction.value),
            ):
                is_unread = value is None and what == "prediction"
                if value not in self.labels and not is_unread:
                    raise DataError(
                        f"{self.name}: the {what} {value!r} of example {example.id!r} "
                        f"is no label of the task, expected one of "
                        f"{', '.join(self.labels)}: correct the {what} or the task's "
                        "labels"
                    )
            is_positive = example.target == self.positive
            said = prediction.value
            says = not is_positive if said is None else said == self.positive
            yield _Outcome(example.group, says, is_positive)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionF1(_QuestionMetric):
    """F1 of the positive label over all candidate answers; MultiRC's F1a.

    Questions are what is resampled: their answers are not independent. 0 where no
    answer is positive and none is said to be.
    """

    name: str = field(default="question_f1", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return true positives, false positives and false negatives by question."""
        rows = [
            (
                sum(o.says_positive and o.is_positive for o in question),
                sum(o.says_positive and not o.is_positive for o in question),
                sum(o.is_positive and not o.says_positive for o in question),
            )
            for question in self._by_question(predictions, examples)
        ]
        return np.array(rows, dtype=np.float64)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = weights @ statistics
        hits = 2 * sums[:, 0]
        total = hits + sums[:, 1] + sums[:, 2]
        result = np.zeros(len(sums))
        np.divide(hits, total, out=result, where=total != 0)
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionExactMatch(_QuestionMetric):
    """The share of questions of which every candidate answer is judged rightly."""

    name: str = field(default="question_exact_match", init=False)
    is_proportion: bool = field(default=True, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        hits = [
            all(o.says_positive == o.is_positive for o in question)
            for question in self._by_question(predictions, examples)
        ]
        return np.array(hits, dtype=np.float64)[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return _mean(statistics, weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairParity:
    """The share of swapped pairs that get the same prediction, right or wrong.

    The examples with the ids 2n and 2n + 1 are a pair, as the diagnostic set AX-g has
    them; one without its partner (the rest of a limit) counts nowhere. NaN without any
    pair. A pair of which a prediction is None has none to compare and differs.
    """

    options: Mapping[str, str] = field(default_factory=dict)

    name: str = field(default="pair_parity", init=False)
    version: int = field(default=1, init=False)
    unit: str = field(default="pair", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=True, init=False)
    is_lower_better: bool = field(default=False, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        pairs: dict[int, list[Prediction]] = {}
        for prediction, example in zip(predictions, examples, strict=True):
            pairs.setdefault(_pair_of(example), []).append(prediction)
        hits = [
            first.value == second.value and first.value is not None
            for first, second in (pair for pair in pairs.values() if len(pair) == 2)
        ]
        return np.array(hits, dtype=np.float64)[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return _mean(statistics, weights)


def _pair_of(example: Example) -> int:
    if not example.id.isdecimal():
        raise DataError(
            f"pair_parity: the example id {example.id!r} is no whole number, expected "
            "2n and 2n + 1 for the two of a pair: name the task's id_column"
        )
    return int(example.id) // 2


def _mean(statistics: Floats, weights: Floats) -> Floats:
    total = weights.sum(axis=1)
    result = np.full(len(weights), np.nan)
    np.divide(weights @ statistics[:, 0], total, out=result, where=total != 0)
    return result
