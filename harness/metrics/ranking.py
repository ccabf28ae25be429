"""Metrics of retrieval: what stands where in a list of retrieved ids, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.errors import DataError
from harness.requests import JsonValue
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _RankingMetric:
    """A mean over queries; a statistic is one query's value."""

    options: Mapping[str, str] = field(default_factory=dict)

    version: int = field(default=1, init=False)
    unit: str = field(default="query", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        queries: Floats = weights.sum(axis=1)
        result = np.full(queries.shape, np.nan)
        np.divide(weights @ statistics[:, 0], queries, out=result, where=queries > 0)
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanReciprocalRank(_RankingMetric):
    """The mean of 1 over the rank of the right id, 0 where it was not retrieved.

    Source: Text-Code/NL-code-search-Adv/evaluator/evaluator.py in microsoft/CodeXGLUE
    at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9.
    """

    name: str = field(default="mrr", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        _refuse_nothing(self.name, examples)
        rows = [
            _reciprocal_rank(_retrieved(self.name, prediction), example.target)
            for prediction, example in zip(predictions, examples, strict=True)
        ]
        return np.array(rows, dtype=np.float64)[:, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanAveragePrecision(_RankingMetric):
    """MAP@R: average precision over the first R ids, R being how many are right.

    A target is the list of right ids, or the example's class: then the right ids are
    those of all other examples of the class, and a query that is alone in its class
    is left out (NaN where all are). Ids behind the first R don't count; fewer than R are refused. A right
    id that is retrieved twice counts twice, as in the official script.

    Source: Code-Code/Clone-detection-POJ-104/evaluator/evaluator.py in
    microsoft/CodeXGLUE at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9, after
    Musgrave et al., "A Metric Learning Reality Check" (2020).
    """

    name: str = field(default="map_at_r", init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        _refuse_nothing(self.name, examples)
        classes = _classes(examples)
        rows = []
        for prediction, example in zip(predictions, examples, strict=True):
            right = _right(self.name, example, classes)
            if right.needed:
                found = _retrieved(self.name, prediction)
                rows.append(_average_precision(self.name, found, example, right))
        return np.array(rows, dtype=np.float64).reshape(-1, 1)


def _reciprocal_rank(retrieved: Sequence[JsonValue], right: JsonValue) -> float:
    return 1.0 / (retrieved.index(right) + 1) if right in retrieved else 0.0


class _Right(NamedTuple):
    """What is right for a query: ids as `repr` writes them, and how many must be found."""

    ids: frozenset[str]
    needed: int


def _classes(examples: Sequence[Example]) -> dict[str, frozenset[str]]:
    """Return the ids of every class, for targets that are classes."""
    found: dict[str, set[str]] = {}
    for example in examples:
        if isinstance(example.target, str):
            found.setdefault(example.target, set()).add(repr(example.id))
    return {name: frozenset(ids) for name, ids in found.items()}


def _right(
    metric: str, example: Example, classes: Mapping[str, frozenset[str]]
) -> _Right:
    target = example.target
    if isinstance(target, str):
        return _Right(classes[target], len(classes[target]) - 1)
    if not isinstance(target, list) or not target:
        raise DataError(
            f"{metric}: the target {target!r} of example {example.id!r} is no list of "
            "right ids, expected at least one: correct the task's target"
        )
    return _Right(frozenset(map(repr, target)), len(target))


def _average_precision(
    metric: str, retrieved: Sequence[JsonValue], example: Example, right: _Right
) -> float:
    if len(retrieved) < right.needed:
        raise DataError(
            f"{metric}: the prediction of example {example.id!r} has {len(retrieved)} "
            f"ids, expected at least the {right.needed} that are right: retrieve more"
        )
    own = repr(example.id) if isinstance(example.target, str) else None
    total, hits = 0.0, 0
    for rank, found in enumerate(map(repr, retrieved[: right.needed]), start=1):
        if found in right.ids and found != own:
            hits += 1
            total += hits / rank
    return total / right.needed


def _retrieved(metric: str, prediction: Prediction) -> Sequence[JsonValue]:
    if isinstance(prediction.value, list):
        return prediction.value
    raise DataError(
        f"{metric}: the prediction {prediction.value!r} of example {prediction.id!r} "
        "is no list, expected retrieved ids, best first: correct the prediction"
    )


def _refuse_nothing(metric: str, examples: Sequence[Example]) -> None:
    if not examples:
        raise DataError(
            f"{metric}: there is no query to score, expected at least one: check the "
            "split and the limit"
        )
