"""Accuracy of token-level code completion.

Source: Code-Code/CodeCompletion-token/evaluator/evaluator.py in microsoft/CodeXGLUE at
commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.metrics.code.texts import TextMetric, ratio, refuse_nothing
from harness.requests import JsonValue
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

NOT_COUNTED = frozenset({"<s>", "</s>", "<EOL>", "<pad>"})
"""Right tokens whose place does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAccuracy(TextMetric):
    """The share of right tokens over all programs, 0 to 1.

    A prediction has a token (or None) for every token of the target. Places whose
    right token is special don't count; literals must be equal as they stand. NaN
    where no place counts.
    """

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return right and counted places, shape (examples, 2)."""
        refuse_nothing(self.name, examples)
        pairs = zip(predictions, examples, strict=True)
        rows = [self._row(prediction, example) for prediction, example in pairs]
        return np.array(rows, dtype=np.float64)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        right, counted = (weights @ statistics).T
        return ratio(right, counted)

    def _row(self, prediction: Prediction, example: Example) -> tuple[int, int]:
        said = _words(self.name, "prediction", prediction.id, prediction.value)
        right = _words(self.name, "target", example.id, example.target)
        if len(said) != len(right):
            raise DataError(
                f"{self.name}: the prediction of example {example.id!r} has "
                f"{len(said)} tokens, expected the target's {len(right)}: predict a "
                "token for every place"
            )
        places = [
            place
            for place in zip(said, right, strict=True)
            if place[1] not in NOT_COUNTED
        ]
        return sum(one == other for one, other in places), len(places)


def _words(
    metric: str, what: str, example: str, value: JsonValue
) -> Sequence[JsonValue]:
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        return value
    raise DataError(
        f"{metric}: the {what} {value!r} of example {example!r} is no list of tokens, "
        f"expected a list or a text with white space between tokens: correct the {what}"
    )
