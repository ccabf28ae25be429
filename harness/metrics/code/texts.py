"""What metrics over written texts share: their fixed fields and how they read values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.requests import JsonValue
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMetric:
    """The fields of a metric over texts, with the usual values.

    Attributes:
        name: the registered name.
        options: the options as the task wrote them.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    version: int = field(default=1, init=False)
    unit: str = field(default="example", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)


def read_text(metric: str, prediction: Prediction) -> str:
    """Return the predicted text; None (nothing that could be read) is empty.

    Raises:
        DataError: the prediction is no text.
    """
    if prediction.value is None:
        return ""
    if isinstance(prediction.value, str):
        return prediction.value
    raise DataError(
        f"{metric}: the prediction {prediction.value!r} of example {prediction.id!r} "
        "is no text, expected a string: correct the prediction"
    )


def read_references(metric: str, example: Example) -> list[str]:
    """Return the acceptable texts of an example, one or several.

    Raises:
        DataError: there is none, or one is no text.
    """
    target: JsonValue = example.target
    texts = target if isinstance(target, list) else [target]
    references = [text for text in texts if isinstance(text, str)]
    if references and len(references) == len(texts):
        return references
    raise DataError(
        f"{metric}: the target {target!r} of example {example.id!r} is no text, "
        "expected a string or a list of strings: correct the task's target column"
    )


def read_pairs(
    metric: str, predictions: Sequence[Prediction], examples: Sequence[Example]
) -> list[tuple[str, list[str]]]:
    """Return each predicted text with its acceptable ones.

    Raises:
        DataError: there is nothing to score, or a value is no text.
    """
    refuse_nothing(metric, examples)
    return [
        (read_text(metric, prediction), read_references(metric, example))
        for prediction, example in zip(predictions, examples, strict=True)
    ]


def refuse_nothing(metric: str, examples: Sequence[Example]) -> None:
    """Raise DataError where there is no example, as the official scripts fail too."""
    if not examples:
        raise DataError(
            f"{metric}: there is no example to score, expected at least one: check "
            "the split and the limit"
        )


def mean(column: Floats, weights: Floats) -> Floats:
    """Return weighted means, shape (draws,), of a column of one value a unit."""
    result: Floats = ratio(weights @ column, weights.sum(axis=1))
    return result


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Divide, NaN where the denominator is 0."""
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result
