"""Precision, recall and F1: of one label, or averaged over all.

They equal scikit-learn's `precision_score`, `recall_score` and `f1_score` over the
task's labels with ``zero_division=0``. An unread prediction (None) is none of the
labels; where one of two labels is scored it counts as the wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.metrics.labels import (
    LabelMetric,
    codes,
    every_outcome,
    f1,
    one_outcome,
    precision,
    ratio,
    recall,
    refuse_too_few,
)
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

Average = Literal["macro", "micro", "weighted"]
Quantity = Literal["precision", "recall", "f1"]
_FORMULAS: dict[Quantity, Callable[[Floats], Floats]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOneLabel(LabelMetric):
    """Precision, recall or F1 of one of two labels.

    Attributes:
        name: the metric's registered name.
        quantity: which of the three.
        positive: the label.
    """

    name: str
    quantity: Quantity
    positive: str

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        refuse_too_few(self.name, examples)
        found = codes(self.name, self.labels, predictions, examples)
        return one_outcome(found, len(self.labels), self.labels.index(self.positive))

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return _FORMULAS[self.quantity](weights @ statistics)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverLabels(LabelMetric):
    """Precision, recall or F1 over all labels.

    Attributes:
        name: the metric's registered name.
        quantity: which of the three.
        average: ``macro`` is the plain mean over labels, labels that never occur
            included; ``weighted`` the mean by how often each label is right;
            ``micro`` is counted over all labels at once.
    """

    name: str
    quantity: Quantity
    average: Average

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        refuse_too_few(self.name, examples)
        found = codes(self.name, self.labels, predictions, examples)
        return every_outcome(found, len(self.labels))

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        formula = _FORMULAS[self.quantity]
        sums = (weights @ statistics).reshape(len(weights), len(self.labels), 3)
        if self.average == "micro":
            return formula(sums.sum(axis=1))
        values = formula(sums)
        if self.average == "macro":
            mean: Floats = values.mean(axis=1)
            return mean
        support = sums[..., 0] + sums[..., 2]
        return ratio((values * support).sum(axis=1), support.sum(axis=1), 0.0)
