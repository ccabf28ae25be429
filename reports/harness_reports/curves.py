"""Training curves: one small panel a task, one line a seed, and all in numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from markupsafe import Markup

from harness_reports import svg
from harness_reports.charts import Scale, color_class, shorten
from harness_reports.view import ModelView

_PANEL_WIDTH, _PANEL_HEIGHT = 172, 92
_CURVE_POINTS = 24
QUARTERS = 4


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


class CurveLine(NamedTuple):
    """One training in numbers.

    Attributes:
        title: the task, with the way to train where the model has several.
        seed: its seed.
        steps: how many there were.
        losses: the loss after each quarter of the steps, as in the panel smoothed;
            None where it is no number.
        rate: the highest learning rate.
    """

    title: str
    seed: int
    steps: int
    losses: tuple[float | None, ...]
    rate: float


def curve_line(
    title: str, seed: int, curve: Sequence[tuple[int, float, float]]
) -> CurveLine:
    """Return one training in numbers, for those who read no picture."""
    size = max(1, math.ceil(len(curve) / _CURVE_POINTS))
    ends = [math.ceil(len(curve) * quarter / QUARTERS) for quarter in range(1, 5)]
    stretches = [curve[max(0, end - size) : end] for end in ends]
    means = [fmean(loss for _, loss, _ in part) for part in stretches]
    return CurveLine(
        title=title,
        seed=seed,
        steps=curve[-1][0],
        losses=tuple(mean if math.isfinite(mean) else None for mean in means),
        rate=max(rate for _, _, rate in curve),
    )


def _thin(curve: Sequence[tuple[int, float, float]]) -> list[tuple[float, float]]:
    """Return at most 24 (step, loss) points, each the mean of its stretch."""
    finite = [(step, loss) for step, loss, _ in curve if math.isfinite(loss)]
    size = max(1, math.ceil(len(finite) / _CURVE_POINTS))
    stretches = [finite[i : i + size] for i in range(0, len(finite), size)]
    return [
        (fmean(s for s, _ in part), fmean(v for _, v in part)) for part in stretches
    ]
