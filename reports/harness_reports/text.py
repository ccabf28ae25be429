"""Plain reports for other programs: csv and json, at full precision."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterator, Mapping

from harness.requests import JsonValue
from harness.results import Caveats, CellResult, CellScore, Cost, Results

JSON_FORMAT = "harness-results"
JSON_VERSION = 1

_CELL_FIELDS = (
    "model",
    "is_baseline",
    "regime",
    "settings",
    "formulation",
    "prompt",
    "seed",
    "task",
    "task_version",
    "split",
    "status",
    "reason",
)
_SCORE_FIELDS = (
    "metric",
    "is_headline",
    "is_lower_better",
    "score",
    "low",
    "high",
    "method",
    "signature",
)
_CAVEAT_FIELDS = tuple(field.name for field in dataclasses.fields(Caveats))
_COST_FIELDS = tuple(field.name for field in dataclasses.fields(Cost))
CSV_FIELDS = (
    *_CELL_FIELDS,
    *_SCORE_FIELDS,
    *_CAVEAT_FIELDS,
    *_COST_FIELDS,
    "fingerprint",
    "run",
)
"""The columns of the csv report, in order."""


def to_csv(results: Results) -> str:
    """Return one line a cell and metric; scores are on the displayed scale.

    A cell without scores has one line. What is unknown or undefined is empty.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for cell in results.cells:
        writer.writerows(_csv_lines(cell))
    return out.getvalue()


def _csv_lines(cell: CellResult) -> Iterator[dict[str, object]]:
    base: dict[str, object] = {name: getattr(cell, name) for name in _CELL_FIELDS}
    base["settings"] = cell.row[2]
    base |= {name: getattr(cell.caveats, name) for name in _CAVEAT_FIELDS}
    base |= {name: getattr(cell.cost, name) for name in _COST_FIELDS}
    base |= {"fingerprint": cell.fingerprint, "run": cell.provenance.get("run", "")}
    for score in cell.scores:
        yield base | _csv_score(score)
    if not cell.scores:
        yield base


def _csv_score(score: CellScore) -> dict[str, object]:
    return {
        "metric": score.metric,
        "is_headline": score.is_headline,
        "is_lower_better": score.is_lower_better,
        "score": _finite(score.value * score.scale),
        "low": None if score.low is None else _finite(score.low * score.scale),
        "high": None if score.high is None else _finite(score.high * score.scale),
        "method": score.method,
        "signature": score.signature,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def to_json(results: Results) -> str:
    """Return every field of every cell; a score that is no number is null.

    `value`, `low` and `high` are on the metric's own scale, beside `scale`; a cell's
    `score` is the mean of its headline metrics on the displayed scale.
    """
    document = {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "title": results.title,
        "generated": results.generated,
        "command": results.command,
        "benchmarks": _plain(tuple(results.benchmarks)),
        "cells": [_cell_object(cell) for cell in results.cells],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _cell_object(cell: CellResult) -> dict[str, JsonValue]:
    found = _plain(cell)
    base = found if isinstance(found, dict) else {}
    return base | {"score": None if cell.score is None else _finite(cell.score)}


def _plain(value: object) -> JsonValue:
    """Return a value made of what JSON has."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _finite(value)
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} can't be written as JSON")
