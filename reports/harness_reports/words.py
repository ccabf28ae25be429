"""Small texts of the page that are made of several values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from harness.results import Cost
from harness_reports.board import TINTS
from harness_reports.flags import drift_of
from harness_reports.numbers import count, fixed, percent
from harness_reports.view import Entry, Flag, Section, TaskView

LOWER_IS_BETTER = "lower is better"
MANY = 8
"""More reasons of blocked cells than this are folded; failures never are."""


def metric_axis(task: TaskView) -> str:
    """Name a task's score with its unit."""
    names = " and ".join(metric.split(",")[0] for metric in task.column.metrics)
    mean = "mean of " if len(task.column.metrics) > 1 else ""
    unit = " × 100" if task.column.scale == 100 else ""  # noqa: RUF001 # a product
    better = f", {LOWER_IS_BETTER}" if task.column.is_lower_better else ""
    return f"{mean}{names}{unit}{better}"


def letters(section: Section) -> list[Flag]:
    """Return one flag of each letter that stands in a section's table."""
    found: dict[str, Flag] = {}
    for standing in (*section.models, *section.baselines):
        of_entries = [flag for entry in standing.entries for flag in entry.flags]
        found |= {flag.code: flag for flag in (*standing.headline.flags, *of_entries)}
    return list(found.values())


class Failure(NamedTuple):
    """A cell of a section that has no score, and why."""

    label: str
    column: str
    status: str
    reason: str


def failures(section: Section) -> list[Failure]:
    """Return what failed or was blocked in a section."""
    return [
        Failure(
            standing.row.label,
            column.title,
            entry.status,
            entry.reason or "no reason is stored",
        )
        for standing in (*section.models, *section.baselines)
        for column, entry in zip(section.columns, standing.entries, strict=True)
        if entry.status in ("failed", "blocked")
    ]


class Drifting(NamedTuple):
    """What a section's scores of lower precision are off by, and what is unknown.

    Attributes:
        lines: row, column and drift of every score that was compared with fp32.
        unmeasured: how many others there are.
    """

    lines: list[tuple[str, str, str]]
    unmeasured: int


def drifting(section: Section) -> Drifting:
    """Return how far a section's scores are from fp32, those of other precisions."""
    found = [
        (standing.row.label, column.title, entry)
        for standing in section.models
        for column, entry in zip(section.columns, standing.entries, strict=True)
        if any(cell.is_inexact for cell in entry.cells)
    ]
    lines = [
        (label, title, drift_of(entry.cells))
        for label, title, entry in found
        if all(c.drift is not None for c in entry.cells if c.is_inexact)
    ]
    return Drifting(lines, len(found) - len(lines))


def cost_line(cost: Cost) -> str:
    """Say what a cell read, wrote and padded, and its price where it has one."""
    parts = [
        f"{count(tokens)} tokens {what}"
        for tokens, what in ((cost.tokens, "read"), (cost.written_tokens, "written"))
        if tokens
    ]
    if cost.padding is not None:
        parts.append(f"padding {percent(cost.padding)}")
    if cost.price is not None:
        parts.append(f"price {cost.price:.4g}")
    return ", ".join(parts)


def seed_line(entry: Entry, decimals: int) -> str:
    """Say what each seed scored, with mean and deviation."""
    scores = [
        f"{seed}: {fixed(score, decimals) if math.isfinite(score) else 'undefined'}"
        for seed, score in entry.seeds
    ]
    line = f"mean of {len(scores)} seeds"
    if entry.deviation is not None:
        line += f", sd {fixed(entry.deviation, max(decimals, 1))}"
    return f"{line} ({', '.join(scores)})"


def fingerprints(entry: Entry) -> str:
    """Return the start of every cell's fingerprint."""
    return ", ".join(cell.fingerprint[:12] for cell in entry.cells)


def share_step(number: int, line: Sequence[int]) -> int:
    """Return the tint of a count by its share of the line."""
    return min(int(number / (sum(line) or 1) * TINTS), TINTS - 1)
