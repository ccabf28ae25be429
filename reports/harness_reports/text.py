"""Reports for other programs: csv and json, at full precision."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterator, Mapping

from harness.requests import JsonValue
from harness.results import Caveats, CellResult, CellScore, Cost, Drift, Results
from harness_reports.leaderboard import build_view
from harness_reports.view import Entry, MetricLine, Row, View

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
    "dtype",
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
_SEED_FIELDS = ("seeds", "seeds_mean", "seeds_deviation")
_CAVEAT_FIELDS = tuple(field.name for field in dataclasses.fields(Caveats))
_DRIFT_FIELDS = tuple(field.name for field in dataclasses.fields(Drift))
_COST_FIELDS = tuple(field.name for field in dataclasses.fields(Cost))
CSV_FIELDS = (
    *_CELL_FIELDS,
    *_SCORE_FIELDS,
    *_SEED_FIELDS,
    *_CAVEAT_FIELDS,
    *_COST_FIELDS,
    *(f"drift_{name}" for name in _DRIFT_FIELDS),
    "fingerprint",
    "run",
)
"""The columns of the csv report, in order."""


def to_csv(results: Results) -> str:
    """Return one line a cell and metric; scores are on the displayed scale.

    A cell without scores has one line. What is unknown or undefined is empty. Beside
    each score stand how many seeds its row has there, their mean and deviation.
    """
    seeds = _over_seeds(build_view(results))
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for cell in results.cells:
        writer.writerows(_csv_lines(cell, seeds))
    return out.getvalue()


def _entries(view: View) -> Iterator[tuple[Row, Entry]]:
    return (pair for task in view.tasks for pair in task.entries)


def _over_seeds(view: View) -> dict[tuple[str, str], tuple[int, MetricLine]]:
    """Return how many seeds a cell's metric has with it, and what they say together."""
    return {
        (cell.fingerprint, line.metric): (len(entry.seeds), line)
        for _, entry in _entries(view)
        for cell in entry.cells
        for line in entry.metrics
    }


def _csv_lines(
    cell: CellResult, seeds: Mapping[tuple[str, str], tuple[int, MetricLine]]
) -> Iterator[dict[str, object]]:
    base: dict[str, object] = {name: getattr(cell, name) for name in _CELL_FIELDS}
    base["settings"] = cell.row[2]
    base |= {name: getattr(cell.caveats, name) for name in _CAVEAT_FIELDS}
    base |= {name: getattr(cell.cost, name) for name in _COST_FIELDS}
    if cell.drift is not None:
        told = {f"drift_{n}": getattr(cell.drift, n) for n in _DRIFT_FIELDS}
        base |= {n: _finite(v) if isinstance(v, float) else v for n, v in told.items()}
    base |= {"fingerprint": cell.fingerprint, "run": cell.provenance.get("run", "")}
    for score in cell.scores:
        together = seeds.get((cell.fingerprint, score.metric))
        yield base | _csv_score(score) | (_csv_seeds(*together) if together else {})
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


def _csv_seeds(seeds: int, line: MetricLine) -> dict[str, object]:
    values = (seeds, line.estimate.value, line.deviation)
    return dict(zip(_SEED_FIELDS, values, strict=True))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def to_json(results: Results) -> str:
    """Return every field of every cell; a score that is no number is null.

    `value`, `low` and `high` are on the metric's own scale, beside `scale`; a cell's
    `score` is the mean of its headline metrics on the displayed scale. `entries` are
    the leaderboard's numbers: the seeds of a row and task together.
    """
    cells = [_cell_object(cell) for cell in results.cells]
    document = {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "title": results.title,
        "generated": results.generated,
        "command": results.command,
        "benchmarks": _plain(tuple(results.benchmarks)),
        "entries": [_entry_object(*pair) for pair in _entries(build_view(results))],
        "cells": cells,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _cell_object(cell: CellResult) -> dict[str, JsonValue]:
    found = _plain(cell)
    base = found if isinstance(found, dict) else {}
    return base | {"score": None if cell.score is None else _finite(cell.score)}


def _entry_object(row: Row, entry: Entry) -> dict[str, JsonValue]:
    return {
        "model": row.model.name,
        "regime": row.regime,
        "settings": row.settings,
        "formulation": row.formulation,
        "precision": row.precision,
        "prompt": row.prompt,
        "task": entry.cells[0].task,
        "status": entry.status,
        "score": entry.estimate.value,
        "low": entry.estimate.low,
        "high": entry.estimate.high,
        "deviation": entry.deviation,
        "seeds": {str(seed): _finite(score) for seed, score in entry.seeds},
        "flags": {flag.name: flag.text for flag in entry.flags},
        "cells": [cell.fingerprint for cell in entry.cells],
    }


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
