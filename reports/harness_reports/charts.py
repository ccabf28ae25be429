"""Scores with their intervals, drawn: the forest plot and the bar in a table cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness_reports import svg
from harness_reports.numbers import bracketed, fixed, plus_minus
from harness_reports.view import Estimate, ModelView

WIDTH = 440
_LABEL_WIDTH = 162
_VALUE_WIDTH = 78
_ROW_HEIGHT = 21
_BAR_WIDTH = 104


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One row of a chart.

    Attributes:
        label: the row's label.
        model: gives colour and shape.
        estimate: the score; marks without a value are not drawn.
        speed: examples a second, where known.
    """

    label: str
    model: ModelView
    estimate: Estimate
    speed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Maps values onto pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        share = (value - self.low) / (self.high - self.low or 1.0)
        return self.start + share * (self.end - self.start)


def color_class(model: ModelView) -> str:
    """Return the page's class for a model's colour."""
    return "c-base" if model.color is None else f"c{model.color}"


def value_range(marks: Sequence[Mark]) -> tuple[float, float]:
    """Return the range of the models' intervals with a margin, not of baselines."""
    models = [m for m in marks if not m.model.is_baseline] or list(marks)
    ends = [
        end
        for mark in models
        for end in (mark.estimate.low, mark.estimate.value, mark.estimate.high)
        if end is not None
    ]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def interval_bar(mark: Mark, bounds: tuple[float, float]) -> Markup:
    """Return a dot with whiskers for a table cell; outside the bounds, nothing."""
    value = mark.estimate.value
    if value is None or not bounds[0] <= value <= bounds[1]:
        return Markup("")
    x = Scale(low=bounds[0], high=bounds[1], start=6, end=_BAR_WIDTH - 6)
    label = f"{fixed(value, 1)} {bracketed(mark.estimate, 1)}".strip()
    return svg.picture(
        _BAR_WIDTH,
        16,
        svg.line(0, 8, _BAR_WIDTH, 8, kind="grid"),
        *_interval(mark, x, 8, size=0.55),
        label=label,
        kind="bar",
    )


def _interval(mark: Mark, x: Scale, y: float, *, size: float = 1.0) -> list[Markup]:
    """Draw whiskers and dot at a height; past the axis, an arrow at its edge."""
    estimate = mark.estimate
    if estimate.value is None:
        return []
    kind = f"dot {color_class(mark.model)}"
    if not x.low <= estimate.value <= x.high:
        is_below = estimate.value < x.low
        at, tip = (x.start, -6) if is_below else (x.end, 6)
        corners = [(at, y - 4), (at + tip, y), (at, y + 4)]
        return [svg.polyline([*corners, corners[0]], kind=kind)]
    drawn: list[Markup] = []
    if estimate.low is not None and estimate.high is not None:
        left, right = x(max(estimate.low, x.low)), x(min(estimate.high, x.high))
        drawn.append(svg.line(left, y, right, y, kind="whisker"))
    dot = svg.marker(x(estimate.value), y, mark.model.marker, kind=kind, size=size)
    return [*drawn, dot]


def forest(marks: Sequence[Mark], *, axis: str, decimals: int) -> Markup:
    """Return one line a row: label, dot with whiskers, score with half-width.

    Args:
        marks: rows, best first.
        axis: what the axis shows, with its unit.
        decimals: how scores are written.
    """
    drawn = [mark for mark in marks if mark.estimate.value is not None]
    low, high = value_range(drawn)
    x = Scale(low=low, high=high, start=_LABEL_WIDTH + 8, end=WIDTH - _VALUE_WIDTH)
    bottom = 6 + _ROW_HEIGHT * len(drawn)
    parts = _axis_x(x, svg.ticks(low, high), 4, bottom)
    for number, mark in enumerate(drawn):
        y = 6 + _ROW_HEIGHT * (number + 0.5)
        score = fixed(mark.estimate.value, decimals)
        written = f"{score} {plus_minus(mark.estimate, decimals)}".strip()
        parts.append(svg.text(_LABEL_WIDTH, y + 4, shorten(mark.label), anchor="end"))
        parts += _interval(mark, x, y)
        parts.append(svg.text(WIDTH, y + 4, written, kind="number", anchor="end"))
    middle = (x.start + x.end) / 2
    parts.append(svg.text(middle, bottom + 30, axis, kind="axis", anchor="middle"))
    label = f"{axis}: " + "; ".join(described(mark, decimals) for mark in drawn)
    return svg.picture(WIDTH, bottom + 36, *parts, label=label, kind="chart")


def shorten(label: str, most: int = 25) -> str:
    """Cut a label in its middle so that it fits beside a chart."""
    if len(label) <= most:
        return label
    tail = (most - 1) // 2
    return f"{label[: most - 1 - tail]}\N{HORIZONTAL ELLIPSIS}{label[-tail:]}"


def described(mark: Mark, decimals: int) -> str:
    """Write a mark in words: label, score and interval."""
    score = fixed(mark.estimate.value, decimals)
    return f"{mark.label} {score} {bracketed(mark.estimate, decimals)}".strip()


def _axis_x(
    x: Scale, values: Sequence[float], top: float, bottom: float
) -> list[Markup]:
    parts: list[Markup] = []
    for value in values:
        at = x(value)
        words = svg.tick_label(value)
        parts.append(svg.line(at, top, at, bottom, kind="grid"))
        parts.append(svg.text(at, bottom + 14, words, kind="tick", anchor="middle"))
    return parts
