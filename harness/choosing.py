"""Choose the best of several trainings, by their scores on the selection slice."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from harness.plan import EvaluateCell

Report = Mapping[str, Any]
_WORST = -sys.float_info.max
"""Of a training whose score is undefined: below all others, above a failed one's."""


class Choice(NamedTuple):
    """An evaluate cell with the training that was chosen, and how it came to that."""

    cell: EvaluateCell
    told: str


def choose_best(
    cell: EvaluateCell, report_of: Callable[[str], Report | None]
) -> Choice:
    """Choose the candidate with the highest selection score, the first of equals.

    The evaluated split is not looked at. A training that failed is never chosen before
    one that did not. A cell without candidates stays as it is.

    Args:
        cell: what is evaluated.
        report_of: returns a done train cell's report by its fingerprint.
    """
    if not cell.candidates:
        return Choice(cell, "")
    reports = [report_of(one.fingerprint) for one in cell.candidates]
    scores = [_score(report) for report in reports]
    best = cell.candidates[scores.index(max(scores))]
    told = [
        f"{one.written}: {'failed' if report is None else f'{score:.4g}'}"
        for one, report, score in zip(cell.candidates, reports, scores, strict=True)
    ]
    told_all = "; ".join(told)
    return Choice(
        replace(cell, train=best),
        f"{best.written}, by the score on the selection slice ({told_all})",
    )


def _score(report: Report | None) -> float:
    """Return a training's selection score; a failed one is below the worst."""
    if report is None:
        return -math.inf
    score = report.get("selection_score")
    return _WORST if score is None else float(score)
