"""Metrics over label names: accuracy, F1 and the Matthews correlation.

All are additive: a score is a formula over weighted column sums. A prediction of
None is a text that could not be read as any label. Scores follow scikit-learn, which
the official GLUE and SuperGLUE scorers call; what they leave undefined (None among
the predictions) follows T5's evaluation, the published one of text-to-text models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.requests import JsonValue
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

Booleans = NDArray[np.bool_]


class _Codes(NamedTuple):
    """Label numbers, one an example; an unread prediction has the number after the last."""

    predicted: NDArray[np.intp]
    target: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class _LabelMetric:
    """What metrics over label names share; `labels` are the task's, in order."""

    labels: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)

    version: int = field(default=1, init=False)
    unit: str = field(default="example", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy(_LabelMetric):
    """The share of right predictions; None is wrong; NaN on no example.

    A task without label names is scored by equality with the target.
    """

    name: str = field(default="accuracy", init=False)
    is_proportion: bool = field(default=True, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        if self.labels:
            predicted, target = _codes(self.name, self.labels, predictions, examples)
            hit: Floats = (predicted == target).astype(np.float64)
            return hit[:, None]
        pairs = zip(predictions, examples, strict=True)
        hits = [prediction.value == example.target for prediction, example in pairs]
        return np.array(hits, dtype=np.float64)[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return _ratio(weights @ statistics[:, 0], weights.sum(axis=1), np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class F1(_LabelMetric):
    """F1 of one of two labels; 0 where that label is neither predicted nor right.

    None counts as the wrong one of the two labels, as T5's `f1_score_with_invalid`
    has it: a false negative or a false positive.
    """

    positive: str
    name: str = field(default="f1", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        _refuse_too_few(self.name, examples)
        predicted, target = _codes(self.name, self.labels, predictions, examples)
        positive = self.labels.index(self.positive)
        is_positive = target == positive
        is_unread = predicted == len(self.labels)
        says_positive = np.where(is_unread, ~is_positive, predicted == positive)
        return _outcomes(says_positive, is_positive)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return _f1(weights @ statistics)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroF1(_LabelMetric):
    """The plain mean of every label's F1, labels that never occur included.

    So do the official SuperGLUE scorer and T5's `mean_multiclass_f1`; None is none
    of the labels.
    """

    name: str = field(default="macro_f1", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        _refuse_too_few(self.name, examples)
        predicted, target = _codes(self.name, self.labels, predictions, examples)
        each = [
            _outcomes(predicted == label, target == label)
            for label in range(len(self.labels))
        ]
        return np.hstack(each)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = (weights @ statistics).reshape(len(weights), len(self.labels), 3)
        mean: Floats = _f1(sums).mean(axis=1)
        return mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Matthews(_LabelMetric):
    """The Matthews correlation for two or more labels; 0 where one side is constant.

    None is a predicted label of its own, as in T5's evaluation. The formula is R_K of
    Gorodkin, "Comparing two K-category assignments by a K-category correlation
    coefficient" (2004).
    """

    name: str = field(default="matthews", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return a hit column, then one-hot predicted (None last) and right labels."""
        _refuse_too_few(self.name, examples)
        predicted, target = _codes(self.name, self.labels, predictions, examples)
        one_hot = np.eye(len(self.labels) + 1)
        hit = (predicted == target).astype(np.float64)[:, None]
        return np.hstack([hit, one_hot[predicted], one_hot[target]])

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = weights @ statistics
        hits, counts = sums[:, 0], sums[:, 1:].reshape(len(sums), 2, -1)
        predicted, target = counts[:, 0], counts[:, 1]
        total = predicted.sum(axis=1)
        covariance = hits * total - (predicted * target).sum(axis=1)
        spread = total**2 - (predicted**2).sum(axis=1)
        target_spread = total**2 - (target**2).sum(axis=1)
        return _ratio(covariance, np.sqrt(spread * target_spread), 0.0)


def _codes(
    metric: str,
    labels: tuple[str, ...],
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> _Codes:
    numbers: dict[JsonValue, int] = {label: n for n, label in enumerate(labels)}
    right = [_number(metric, numbers, "target", e.id, e.target) for e in examples]
    numbers[None] = len(labels)
    said = [
        _number(metric, numbers, "prediction", p.id, p.value)
        for p, _ in zip(predictions, examples, strict=True)
    ]
    return _Codes(np.array(said, dtype=np.intp), np.array(right, dtype=np.intp))


def _number(
    metric: str,
    numbers: Mapping[JsonValue, int],
    what: str,
    example: str,
    value: JsonValue,
) -> int:
    if isinstance(value, str | None) and value in numbers:
        return numbers[value]
    names = ", ".join(str(name) for name in numbers if name is not None)
    raise DataError(
        f"{metric}: the {what} {value!r} of example {example!r} is no label of the "
        f"task, expected one of {names}: correct the {what} or the task's labels"
    )


def _refuse_too_few(metric: str, examples: Sequence[Example]) -> None:
    if not examples:
        raise DataError(
            f"{metric}: there is no example to score, expected at least one: check "
            "the split and the limit"
        )


def _outcomes(says: Booleans, truth: Booleans) -> Floats:
    """Return true positives, false positives and false negatives, (examples, 3)."""
    columns = [says & truth, says & ~truth, ~says & truth]
    return np.stack(columns, axis=1).astype(np.float64)


def _f1(sums: Floats) -> Floats:
    """Return F1 from summed outcomes in the last axis, 0 where all are 0."""
    hits = 2 * sums[..., 0]
    return _ratio(hits, hits + sums[..., 1] + sums[..., 2], 0.0)


def _ratio(numerator: Floats, denominator: Floats, otherwise: float) -> Floats:
    """Divide, with a value of its own where the denominator is 0."""
    result = np.full(numerator.shape, otherwise)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result
