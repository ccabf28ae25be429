"""Metrics over label names: accuracy, F1 and the Matthews correlation.

All are additive: a score is a formula over weighted column sums. A prediction of
None is a text that could not be read as any label. Scores follow scikit-learn, which
the official GLUE and SuperGLUE scorers call; what they leave undefined (None among
the predictions) follows T5's evaluation, the published one of text-to-text models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.metrics.labels import (
    LabelMetric,
    codes,
    every_outcome,
    f1,
    one_outcome,
    ratio,
    refuse_too_few,
)
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy(LabelMetric):
    """The share of right predictions; None is wrong; NaN on no example.

    A task without label names is scored by equality with the target.
    """

    name: str = field(default="accuracy", init=False)
    is_proportion: bool = field(default=True, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        if self.labels:
            predicted, target = codes(self.name, self.labels, predictions, examples)
            hit: Floats = (predicted == target).astype(np.float64)
            return hit[:, None]
        pairs = zip(predictions, examples, strict=True)
        hits = [prediction.value == example.target for prediction, example in pairs]
        return np.array(hits, dtype=np.float64)[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return ratio(weights @ statistics[:, 0], weights.sum(axis=1), np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class F1(LabelMetric):
    """F1 of one of two labels; 0 where that label is neither predicted nor right.

    None counts as the wrong one of the two labels.
    """

    positive: str
    name: str = field(default="f1", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        refuse_too_few(self.name, examples)
        found = codes(self.name, self.labels, predictions, examples)
        return one_outcome(found, len(self.labels), self.labels.index(self.positive))

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return f1(weights @ statistics)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroF1(LabelMetric):
    """The plain mean of every label's F1, labels that never occur included.

    So do the official SuperGLUE scorer and T5's `mean_multiclass_f1`; None is none
    of the labels.
    """

    name: str = field(default="macro_f1", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        refuse_too_few(self.name, examples)
        found = codes(self.name, self.labels, predictions, examples)
        return every_outcome(found, len(self.labels))

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = (weights @ statistics).reshape(len(weights), len(self.labels), 3)
        mean: Floats = f1(sums).mean(axis=1)
        return mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Matthews(LabelMetric):
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
        refuse_too_few(self.name, examples)
        predicted, target = codes(self.name, self.labels, predictions, examples)
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
        return ratio(covariance, np.sqrt(spread * target_spread), 0.0)
