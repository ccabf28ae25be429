"""Training curves, drawn: one small panel a task, one line a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from markupsafe import Markup

from harness_reports import svg
from harness_reports.charts import Scale, color_class, shorten
from harness_reports.view import ModelView

_PANEL_WIDTH, _PANEL_HEIGHT = 172, 92
_CURVE_POINTS = 24


def curve_panel(
    title: str, curves: Sequence[Sequence[tuple[int, float, float]]], model: ModelView
) -> Markup:
    """Return the loss by step of one task, a line a seed.

    Args:
        title: the task's name.
        curves: (step, loss, learning rate) of every seed.
        model: gives the colour.

    Returns:
        The panel, or nothing where no loss is a number.
    """
    thinned = [points for curve in curves if (points := _thin(curve))]
    if not thinned:
        return Markup("")
    losses = [loss for curve in thinned for _, loss in curve]
    last = max(step for curve in curves for step, _, _ in curve)
    low, high = min(0.0, *losses), max(losses)
    x = Scale(low=0, high=last, start=30, end=_PANEL_WIDTH - 4)
    y = Scale(low=low, high=high or 1.0, start=_PANEL_HEIGHT - 16, end=18)
    parts = [svg.text(30, 11, shorten(title, 24), kind="panel-title")]
    for value in svg.ticks(low, high, 2):
        words = svg.tick_label(value)
        parts.append(svg.line(30, y(value), _PANEL_WIDTH - 4, y(value), kind="grid"))
        parts.append(svg.text(26, y(value) + 3.5, words, kind="tick", anchor="end"))
    kind = f"curve {color_class(model)}"
    for curve in thinned:
        points = [(round(x(step)), y(loss)) for step, loss in curve]
        parts.append(svg.polyline(points, kind=kind))
    at = _PANEL_WIDTH - 4, _PANEL_HEIGHT - 4
    parts.append(svg.text(*at, f"{last} steps", kind="tick", anchor="end"))
    ends = ", ".join(f"{curve[-1][1]:.3g}" for curve in thinned)
    label = f"{title}: training loss over {last} steps, at the end {ends}"
    return svg.picture(_PANEL_WIDTH, _PANEL_HEIGHT, *parts, label=label, kind="panel")


def _thin(curve: Sequence[tuple[int, float, float]]) -> list[tuple[float, float]]:
    """Return at most 24 (step, loss) points, each the mean of its stretch."""
    finite = [(step, loss) for step, loss, _ in curve if math.isfinite(loss)]
    size = max(1, math.ceil(len(finite) / _CURVE_POINTS))
    stretches = [finite[i : i + size] for i in range(0, len(finite), size)]
    return [
        (fmean(s for s, _ in part), fmean(v for _, v in part)) for part in stretches
    ]
