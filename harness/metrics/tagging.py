"""Named entities: precision, recall and F1 over entities, as CoNLL's script has them.

Targets and predictions are tags joined by spaces, one a word: ``O``, ``B-PER``,
``I-PER``. An entity counts only if its type and both its ends are right. Tags are
read as conlleval reads them: ``I-`` begins an entity where none of its type is open,
so that IOB1 and IOB2 are both understood and stray tags are not lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from harness.errors import DataError
from harness.metrics.labels import f1, precision, ratio, recall
from harness.requests import JsonValue
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

Quantity = Literal["f1", "precision", "recall"]
_FORMULAS = {"f1": f1, "precision": precision, "recall": recall}


class Entity(NamedTuple):
    """An entity's type, its first word and the word after its last, from 0."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _TagMetric:
    """What metrics over tags share."""

    options: Mapping[str, str] = field(default_factory=dict)

    version: int = field(default=1, init=False)
    unit: str = field(default="example", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityScore(_TagMetric):
    """F1, precision or recall over all entities; 0 where there is none.

    Attributes:
        quantity: which of the three.
    """

    quantity: Quantity

    @property
    def name(self) -> str:
        """The registered name."""
        return f"entity_{self.quantity}"

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return right, wrong and missed entities of each example, (examples, 3)."""
        rows = []
        for said, right in _pairs(self.name, predictions, examples):
            found, there = set(entities(said)), set(entities(right))
            hits = len(found & there)
            rows.append((hits, len(found) - hits, len(there) - hits))
        return np.array(rows, dtype=np.float64).reshape(-1, 3)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return _FORMULAS[self.quantity](weights @ statistics)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagAccuracy(_TagMetric):
    """The share of words with the right tag; NaN where there is no word."""

    name: str = field(default="tag_accuracy", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return right words and words of each example, shape (examples, 2)."""
        rows = [
            (sum(a == b for a, b in zip(said, right, strict=True)), len(right))
            for said, right in _pairs(self.name, predictions, examples)
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = weights @ statistics
        return ratio(sums[:, 0], sums[:, 1], np.nan)


def entities(tags: Sequence[str]) -> list[Entity]:
    """Return the entities that tags mark, in order.

    Raises:
        DataError: a tag is neither ``O`` nor ``B-`` or ``I-`` with a type.
    """
    found: list[Entity] = []
    type_, start = "", 0
    for position, tag in enumerate([*tags, "O"]):
        prefix, dash, new = tag.partition("-")
        if tag != "O" and (prefix not in ("B", "I") or not new):
            raise DataError(
                f"the tag {tag!r} is none of O, B-TYPE and I-TYPE: correct the data or "
                "what was predicted"
            )
        if prefix == "I" and dash and new == type_:
            continue
        if type_:
            found.append(Entity(type_, start, position))
        type_, start = new, position
    return found


def _pairs(
    metric: str, predictions: Sequence[Prediction], examples: Sequence[Example]
) -> list[tuple[list[str], list[str]]]:
    """Return predicted and right tags; where nothing was read every word is O."""
    pairs = []
    for prediction, example in zip(predictions, examples, strict=True):
        right = _tags(metric, example.id, "target", example.target)
        unread: JsonValue = " ".join("O" for _ in right)
        value = unread if prediction.value is None else prediction.value
        said = _tags(metric, example.id, "prediction", value)
        if len(said) != len(right):
            raise DataError(
                f"{metric}: example {example.id!r} has {len(said)} predicted tags for "
                f"{len(right)} words, expected one a word: correct the prediction"
            )
        pairs.append((said, right))
    return pairs


def _tags(metric: str, example: str, what: str, value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return value.split()
    raise DataError(
        f"{metric}: the {what} {value!r} of example {example!r} is no text, expected "
        "tags joined by spaces: choose another metric for the task"
    )
