"""Standings: a section's rows in order, and what they cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from statistics import fmean

from harness.results import CellResult, Cost
from harness_reports.view import Entry, RowCost, Standing


def cost_of(entries: Sequence[Entry]) -> RowCost:
    """Sum up what a row's cells took."""
    cells = [c for entry in entries for c in entry.cells if c.status == "done"]
    timed = [c for c in cells if c.cost.seconds and c.cost.examples]
    seconds = sum(cell.cost.seconds or 0.0 for cell in timed)
    examples = sum(cell.cost.examples or 0 for cell in timed)
    memory = [c.cost.peak_memory_bytes for c in cells if c.cost.peak_memory_bytes]
    parameters = [c.cost.parameters for c in cells if c.cost.parameters is not None]
    trained = [c.cost.trained_parameters for c in cells if c.cost.trained_parameters]
    return RowCost(
        examples_per_s=examples / seconds if seconds else None,
        peak_memory_bytes=max(memory, default=None),
        parameters=max(parameters, default=None),
        trained_parameters=max(trained, default=None),
        train_seconds=_train_seconds(cells),
        padding=_padding([cell.cost for cell in cells]),
    )


def _padding(costs: Sequence[Cost]) -> float | None:
    """Return the share of padding over all cells, weighted by the tokens they read."""
    told = [(cost.tokens or 0, cost.padding) for cost in costs]
    shares = [(tokens, share) for tokens, share in told if share is not None]
    weights = sum(tokens for tokens, _ in shares)
    if not weights:
        return max((share for _, share in shares), default=None)
    return sum(tokens * share for tokens, share in shares) / weights


def _train_seconds(cells: Sequence[CellResult]) -> float | None:
    """Sum over trainings, averaged over seeds.

    Evaluations of one checkpoint (MNLI matched and mismatched) carry the same clock
    reading and curve, and count once.
    """
    trainings = {
        (cell.seed, cell.cost.train_seconds, cell.curve)
        for cell in cells
        if cell.cost.train_seconds is not None
    }
    if not trainings:
        return None
    seeds = {seed for seed, _, _ in trainings}
    return sum(seconds or 0.0 for _, seconds, _ in trainings) / len(seeds)


def ranked(
    standings: Sequence[Standing],
    *,
    is_lower_better: bool = False,
    lower_columns: Collection[str] = (),
) -> tuple[Standing, ...]:
    """Sort rows by their one number and number them; equal numbers share a rank.

    Rows without it follow, unranked: those with more scores first.

    Args:
        standings: a section's rows.
        is_lower_better: whether the lower number is the better one.
        lower_columns: ids of the columns in which the lower score is the better one.
    """
    sign = -1.0 if is_lower_better else 1.0
    values = [_signed(each.headline.estimate.value, sign) for each in standings]
    present = [value for value in values if value is not None]
    numbered = [
        replace(each, rank=None if value is None else _rank(value, present))
        for each, value in zip(standings, values, strict=True)
    ]
    return tuple(sorted(numbered, key=lambda each: _place(each, sign, lower_columns)))


def _signed(value: float | None, sign: float) -> float | None:
    return None if value is None else sign * value


def _rank(value: float, values: Sequence[float]) -> int:
    return 1 + sum(other > value for other in values)


def _place(
    standing: Standing, sign: float, lower_columns: Collection[str]
) -> tuple[bool, float, int, float, str]:
    values = [
        _signed(e.estimate.value, -1.0 if e.column in lower_columns else 1.0)
        for e in standing.entries
        if e.status == "done"
    ]
    scores = [value for value in values if value is not None]
    own = _signed(standing.headline.estimate.value, sign)
    return (
        own is None,
        -(own or 0.0),
        -len(scores),
        -fmean(scores) if scores else 0.0,
        standing.row.label,
    )
