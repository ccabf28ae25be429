"""How far a cell that ran in bf16 or fp16 is from the same cell in fp32.

Read from what the store holds of both, whichever ran first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

from harness.requests import JsonValue
from harness.results import CellResult, Drift
from harness.task import Example, Prediction

EXACT = "fp32"

Pairs = Sequence[tuple[Example, Prediction]]


class Numbers(NamedTuple):
    """The numbers behind a prediction, and what they are."""

    what: str
    values: list[float]


def with_drift(
    cells: Iterable[CellResult],
    others: Iterable[CellResult],
    predictions: Callable[[str], Pairs],
) -> list[CellResult]:
    """Give every cell of another precision its drift, where it can be measured.

    Args:
        cells: the cells to show.
        others: where the same cells in fp32 are looked for.
        predictions: reads a cell's predictions by its fingerprint.
    """
    exact = {_same(c): c for c in others if c.status == "done" and c.dtype == EXACT}
    found = []
    for cell in cells:
        twin = exact.get(_same(cell)) if cell.is_inexact else None
        drift = None if twin is None else _measure(cell, twin, predictions)
        found.append(cell if drift is None else replace(cell, drift=drift))
    return found


def numbers(prediction: Prediction) -> Numbers:
    """Return the numbers behind a prediction; none where a text is all there is."""
    value, detail = prediction.value, prediction.detail
    for name, what in _LISTS.items():
        told = detail.get(name)
        if isinstance(told, list):
            return Numbers(what, [*_floats(told)])
    if isinstance(value, dict):
        return Numbers("log-probability", [*_floats([value.get("nats")])])
    if isinstance(value, str) and value in detail:
        return Numbers("probability", [*_floats(detail.values())])
    if "no_answer" in detail:
        return Numbers("no-answer score", [*_floats([detail["no_answer"]])])
    return Numbers("value", [*_floats([value])])


_LISTS = {"log_probabilities": "log-probability", "probabilities": "probability"}


def _same(cell: CellResult) -> Hashable:
    """Return all that two cells share which differ in precision alone."""
    return (
        *cell.row[:-1],
        cell.metrics_column,
        cell.task_version,
        cell.split,
        cell.prompt,
        cell.seed,
        cell.caveats.limit,
    )


def _measure(
    cell: CellResult, twin: CellResult, predictions: Callable[[str], Pairs]
) -> Drift | None:
    own, exact = predictions(cell.fingerprint), predictions(twin.fingerprint)
    if [example.id for example, _ in own] != [example.id for example, _ in exact]:
        return None
    pairs = [(one, other) for (_, one), (_, other) in zip(own, exact, strict=True)]
    apart = [gap for one, other in pairs for gap in _gaps(one, other)]
    whats = (numbers(one) for one, _ in pairs)
    scores = cell.score, twin.score
    return Drift(
        what=next((found.what for found in whats if found.values), ""),
        largest=max(apart, default=None),
        median=median(apart) if apart else None,
        changed=sum(_decision(one) != _decision(other) for one, other in pairs),
        compared=len(pairs),
        score=None if None in scores else (scores[0] or 0.0) - (scores[1] or 0.0),
    )


def _gaps(one: Prediction, other: Prediction) -> Iterator[float]:
    pairs = zip(numbers(one).values, numbers(other).values, strict=False)
    for a, b in pairs:
        is_number = math.isfinite(a) and math.isfinite(b)
        yield abs(a - b) if is_number else 0.0 if a == b else math.inf


def _decision(prediction: Prediction) -> JsonValue:
    """Return what is decided: a label, a choice, a text; a number alone is nothing."""
    value = prediction.value
    if isinstance(value, dict):
        return {key: part for key, part in value.items() if not _is_number(part)}
    return None if _is_number(value) else value


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _floats(values: Iterable[JsonValue]) -> Iterator[float]:
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield float(value)
