"""Plain-text reports: csv and json at full precision, markdown as the page shows it."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.results import CellResult, CellScore, Results
from harness_reports.leaderboard import build_view
from harness_reports.numbers import fixed, plus_minus
from harness_reports.view import Entry, Headline, Section, Standing, View

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
_SCORE_FIELDS = ("metric", "is_headline", "score", "low", "high", "method", "signature")


def to_csv(results: Results) -> str:
    """Return one line a cell and metric; scores are on the displayed scale.

    A cell without scores has one line. What is unknown or undefined is empty.
    """
    lines = [line for cell in results.cells for line in _csv_lines(cell)]
    caveats = [field for field in _csv_caveats(None)]
    costs = list(_csv_costs(None))
    fields = [*_CELL_FIELDS, *_SCORE_FIELDS, *caveats, *costs, "fingerprint", "run"]
    out = io.StringIO()
    writer = csv.DictWriter(out, fields, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _csv_lines(cell: CellResult) -> Iterator[dict[str, object]]:
    base: dict[str, object] = {name: getattr(cell, name) for name in _CELL_FIELDS}
    base["settings"] = cell.row[2]
    base |= _csv_caveats(cell) | _csv_costs(cell)
    base |= {"fingerprint": cell.fingerprint, "run": cell.provenance.get("run", "")}
    for score in cell.scores:
        yield base | _csv_score(score)
    if not cell.scores:
        yield base


def _csv_score(score: CellScore) -> dict[str, object]:
    return {
        "metric": score.metric,
        "is_headline": score.is_headline,
        "score": _finite(score.value * score.scale),
        "low": None if score.low is None else _finite(score.low * score.scale),
        "high": None if score.high is None else _finite(score.high * score.scale),
        "method": score.method,
        "signature": score.signature,
    }
