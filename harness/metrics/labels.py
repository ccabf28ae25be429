"""What metrics over label names share: codes, outcomes, and sums of them."""

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


class Codes(NamedTuple):
    """Label numbers, one an example; an unread prediction has the number after the last."""

    predicted: NDArray[np.intp]
    target: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMetric:
    """What metrics over label names share; `labels` are the task's, in order."""

    labels: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)

    version: int = field(default=1, init=False)
    unit: str = field(default="example", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)


def codes(
    metric: str,
    labels: tuple[str, ...],
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> Codes:
    """Return the numbers of predicted and right labels.

    Raises:
        DataError: a label is none of the task's; names the example.
    """
    numbers: dict[JsonValue, int] = {label: n for n, label in enumerate(labels)}
    right = [_number(metric, numbers, "target", e.id, e.target) for e in examples]
    numbers[None] = len(labels)
    said = [
        _number(metric, numbers, "prediction", p.id, p.value)
        for p, _ in zip(predictions, examples, strict=True)
    ]
    return Codes(np.array(said, dtype=np.intp), np.array(right, dtype=np.intp))


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


def refuse_too_few(metric: str, examples: Sequence[Example]) -> None:
    """Refuse to score nothing.

    Raises:
        DataError: there is no example.
    """
    if not examples:
        raise DataError(
            f"{metric}: there is no example to score, expected at least one: check "
            "the split and the limit"
        )


def outcomes(says: Booleans, truth: Booleans) -> Floats:
    """Return true positives, false positives and false negatives, (examples, 3)."""
    columns = [says & truth, says & ~truth, ~says & truth]
    return np.stack(columns, axis=1).astype(np.float64)


def f1(sums: Floats) -> Floats:
    """Return F1 from outcomes in the last axis, 0 where all are 0."""
    hits = 2 * sums[..., 0]
    return ratio(hits, hits + sums[..., 1] + sums[..., 2], 0.0)


def precision(sums: Floats) -> Floats:
    """Return precision from outcomes in the last axis, 0 where nothing is predicted."""
    return ratio(sums[..., 0], sums[..., 0] + sums[..., 1], 0.0)


def recall(sums: Floats) -> Floats:
    """Return recall from outcomes in the last axis, 0 where nothing is right."""
    return ratio(sums[..., 0], sums[..., 0] + sums[..., 2], 0.0)


def ratio(numerator: Floats, denominator: Floats, otherwise: float) -> Floats:
    """Divide, with a value of its own where the denominator is 0."""
    result = np.full(numerator.shape, otherwise)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result


def every_outcome(found: Codes, labels: int) -> Floats:
    """Return each label's outcomes side by side, shape (examples, 3 labels)."""
    predicted, target = found
    each = [outcomes(predicted == label, target == label) for label in range(labels)]
    return np.hstack(each)


def one_outcome(found: Codes, labels: int, positive: int) -> Floats:
    """Return one of two labels' outcomes, shape (examples, 3).

    An unread prediction counts as the wrong label, as T5's `f1_score_with_invalid`
    has it: a false negative or a false positive.
    """
    predicted, target = found
    is_positive = target == positive
    is_unread = predicted == labels
    says_positive = np.where(is_unread, ~is_positive, predicted == positive)
    return outcomes(says_positive, is_positive)
