"""Figures: which values of the view go into which chart."""

from __future__ import annotations

from collections import defaultdict

from markupsafe import Markup

from harness_reports import words
from harness_reports.charts import (
    Mark,
    forest,
    interval_bar,
    value_range,
)
from harness_reports.curves import CurveLine, curve_line, curve_panel
from harness_reports.numbers import fixed
from harness_reports.rows import differing_settings
from harness_reports.scatter import scatter
from harness_reports.view import ModelView, Section, Standing, TaskView

Curve = tuple[tuple[int, float, float], ...]


def section_axis(section: Section) -> str:
    """Name the section's one number, with the split where it is not the test split."""
    note = f" ({section.headline_note})" if section.headline_note else ""
    better = f", {words.LOWER_IS_BETTER}" if section.is_lower_better else ""
    return f"{section.headline_title or ''}{note}{better}"


def section_marks(section: Section) -> list[Mark]:
    """Return a mark for every row of the section that has the one number."""
    return [
        _mark(standing)
        for standing in (*section.models, *section.baselines)
        if standing.headline.estimate.value is not None
    ]


def _mark(standing: Standing) -> Mark:
    return Mark(
        label=standing.row.label,
        model=standing.row.model,
        estimate=standing.headline.estimate,
        speed=standing.cost.examples_per_s,
    )


def section_bar(section: Section, standing: Standing) -> Markup:
    """Return the bar of a row, on the scale that all rows of the section share."""
    return interval_bar(_mark(standing), value_range(section_marks(section)))


def section_forest(section: Section) -> Markup:
    """Return the section's forest plot."""
    axis = section_axis(section)
    return forest(section_marks(section), axis=axis, decimals=section.headline_decimals)


def section_scatter(section: Section) -> Markup:
    """Return the section's score against throughput; empty where nothing is timed."""
    axis = section_axis(section)
    return scatter(
        section_marks(section),
        axis=axis,
        decimals=section.headline_decimals,
        is_lower_better=section.is_lower_better,
    )


def task_forest(task: TaskView) -> Markup:
    """Return one task's forest plot."""
    marks = [
        Mark(label=row.label, model=row.model, estimate=entry.estimate)
        for row, entry in task.entries
        if entry.status == "done"
    ]
    return forest(marks, axis=words.metric_axis(task), decimals=task.column.decimals)


def has_scores(task: TaskView) -> bool:
    """Tell whether the task's chart would show anything."""
    return any(entry.status == "done" for _, entry in task.entries)


def bar_bounds(section: Section) -> tuple[str, str]:
    """Return the ends of the scale that the section's bars share."""
    low, high = value_range(section_marks(section))
    decimals = section.headline_decimals
    return fixed(low, decimals), fixed(high, decimals)


def model_curves(model: ModelView) -> list[Markup]:
    """Return a panel of training loss for every task and way to train of a model."""
    return [
        curve_panel(title, list(curves.values()), model)
        for title, curves in _trainings(model).items()
    ]


def curve_lines(model: ModelView) -> list[CurveLine]:
    """Return what the panels show in numbers, a line a training."""
    return [
        curve_line(title, seed, curve)
        for title, curves in _trainings(model).items()
        for seed, curve in curves.items()
    ]


def _trainings(model: ModelView) -> dict[str, dict[int, Curve]]:
    """Return a model's curves by task and way to train, and by seed."""
    found: dict[str, dict[int, Curve]] = defaultdict(dict)
    trained = [cell for cell in model.cells if cell.curve]
    ways = differing_settings([cell.row[1:3] for cell in trained])
    regimes = {regime for regime, _ in ways}
    drawn: set[tuple[int, float | None, Curve]] = set()
    for cell in trained:
        # evaluations of one checkpoint carry the same curve: it is drawn once
        training = cell.seed, cell.cost.train_seconds, cell.curve
        if training in drawn:
            continue
        drawn.add(training)
        way = cell.regime if len(regimes) > 1 else ""
        parts = (cell.task_title, way, ways[cell.row[1:3]])
        found[" ".join(part for part in parts if part)][cell.seed] = cell.curve
    return found
