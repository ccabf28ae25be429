"""Whether a model beats a baseline on the same examples by more than luck.

Labels are compared by McNemar's exact test: of the examples that one of both gets
right alone, is either's share larger than a coin would give? Numbers are compared by
their squared errors under approximate randomisation, because a baseline that always
says the same has no correlation that a test could compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from harness.errors import DataError
from harness.paired import approximate_randomisation
from harness.requests import JsonValue
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

Answers = Sequence[tuple[Example, Prediction]]
"""Labelled examples with what was said of each, as `Store.predictions` returns them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A model beside a baseline over the same examples.

    Attributes:
        test: what was compared, and how.
        p: two-sided.
        model: examples that only the model gets right; its mean squared error where
            numbers are compared.
        baseline: the same of the baseline.
        is_better: whether the difference is in the model's favour.
    """

    test: str
    p: float
    model: float
    baseline: float
    is_better: bool

    def __str__(self) -> str:
        return f"{self.model:.4g} : {self.baseline:.4g}, p {self.p:.2g}"


def compare(model: Answers, baseline: Answers) -> Paired:
    """Compare labels or numbers, whichever the examples have.

    Raises:
        DataError: the two are about different examples, or a number is missing.
    """
    theirs = {example.id: prediction for example, prediction in baseline}
    if sorted(theirs) != sorted(example.id for example, _ in model):
        raise DataError(
            f"the model answered {len(model)} examples and the baseline "
            f"{len(baseline)}, expected the same ones: evaluate both on one split"
        )
    aligned = [(example, theirs[example.id]) for example, _ in model]
    if all(isinstance(example.target, float | int) for example, _ in model):
        return compare_errors(squared_errors(model), squared_errors(aligned))
    return compare_hits(hits(model), hits(aligned))


def compare_hits(model: Sequence[bool], baseline: Sequence[bool]) -> Paired:
    """Compare what is right by McNemar's exact test (McNemar 1947, binomial form)."""
    pairs = list(zip(model, baseline, strict=True))
    only_model = sum(ours and not theirs for ours, theirs in pairs)
    only_baseline = sum(theirs and not ours for ours, theirs in pairs)
    alone = only_model + only_baseline
    return Paired(
        test="right alone, McNemar exact",
        p=float(binomtest(only_model, alone).pvalue) if alone else 1.0,
        model=only_model,
        baseline=only_baseline,
        is_better=only_model > only_baseline,
    )


def compare_errors(model: Floats, baseline: Floats) -> Paired:
    """Compare squared errors by approximate randomisation; smaller ones are better."""
    means = float(model.mean()), float(baseline.mean())
    return Paired(
        test="mean squared error, approximate randomisation",
        p=approximate_randomisation(_Mean(), baseline[:, None], model[:, None]),
        model=means[0],
        baseline=means[1],
        is_better=means[0] < means[1],
    )


def hits(answers: Answers) -> list[bool]:
    """Tell of each example whether its label was named."""
    return [prediction.value == example.target for example, prediction in answers]


def squared_errors(answers: Answers) -> Floats:
    """Return the squared distance of each number from the true one, ``(examples,)``.

    Raises:
        DataError: a number is missing.
    """
    return (
        np.array([_number(p.value, p.id) - _number(e.target, e.id) for e, p in answers])
        ** 2
    )


def _number(value: JsonValue, place: str) -> float:
    if not isinstance(value, float | int):
        raise DataError(
            f"example {place!r} was answered with {value!r}, expected a number: compare "
            "models whose every answer is one"
        )
    return float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mean:
    """A metric whose statistics are the scores themselves."""

    name: str = "mean"
    version: int = 1
    unit: str = "example"
    scale: float = 1.0
    is_proportion: bool = False
    is_lower_better: bool = True
    options: Mapping[str, str] = field(default_factory=dict)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        return squared_errors(list(zip(examples, predictions, strict=True)))[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        means: Floats = weights @ statistics[:, 0] / weights.sum(axis=1)
        return means
