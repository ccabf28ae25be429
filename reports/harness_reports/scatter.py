"""Score against throughput, drawn: what does a point cost?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from harness_reports import svg
from harness_reports.charts import (
    WIDTH,
    Mark,
    Scale,
    color_class,
    described,
    shorten,
    value_range,
)
from harness_reports.numbers import significant

_LETTER = 6.2
"""How wide a letter is about, in pixels."""


class _Box(NamedTuple):
    """What a label or dot covers, a line of text high."""

    left: float
    right: float
    middle: float

    def touches(self, other: _Box) -> bool:
        is_level = abs(self.middle - other.middle) < 13
        return is_level and self.left < other.right and other.left < self.right


def scatter(
    marks: Sequence[Mark], *, axis: str, decimals: int, is_lower_better: bool = False
) -> Markup:
    """Return score against throughput, with the front that nothing beats.

    Args:
        marks: rows with score and speed; others and baselines are left out.
        axis: what the vertical axis shows, with its unit.
        decimals: how scores are written in the text alternative.
        is_lower_better: whether the lowest score stands at the top.
    """
    drawn = [m for m in marks if m.estimate.value is not None and m.speed]
    drawn = [m for m in drawn if not m.model.is_baseline]
    if not drawn:
        return Markup("")
    height, left, bottom = 268, 40, 226
    speeds = [math.log10(mark.speed or 1.0) for mark in drawn]
    near, far = min(speeds) - 0.15, max(speeds) + 0.15
    x = Scale(low=near, high=far, start=left, end=WIDTH - 12)
    low, high = value_range(drawn)
    # what is better stands higher, whichever the direction
    start, end = (8, bottom) if is_lower_better else (bottom, 8)
    y = Scale(low=low, high=high, start=start, end=end)
    parts = _log_axis(x, 8, bottom)
    for value in svg.ticks(low, high):
        words = svg.tick_label(value)
        parts.append(svg.line(left, y(value), WIDTH - 12, y(value), kind="grid"))
        parts.append(svg.text(left - 5, y(value) + 4, words, kind="tick", anchor="end"))
    parts += _points(drawn, x, y)
    parts.append(
        svg.text(
            left,
            height - 6,
            f"{axis}, best at the top" if is_lower_better else f"{axis}, upwards",
            kind="axis",
        )
    )
    far_end = "examples a second (log scale) →"
    parts.append(svg.text(WIDTH - 12, height - 6, far_end, kind="axis", anchor="end"))
    label = f"{axis} against examples a second: " + "; ".join(
        f"{described(mark, decimals)} at {significant(mark.speed)}" for mark in drawn
    )
    return svg.picture(WIDTH, height, *parts, label=label, kind="chart")


def _log_axis(x: Scale, top: float, bottom: float) -> list[Markup]:
    parts: list[Markup] = []
    for value in svg.log_ticks(10**x.low, 10**x.high):
        at = x(math.log10(value))
        words = svg.tick_label(value)
        parts.append(svg.line(at, top, at, bottom, kind="grid"))
        parts.append(svg.text(at, bottom + 14, words, kind="tick", anchor="middle"))
    return parts


def _points(drawn: Sequence[Mark], x: Scale, y: Scale) -> list[Markup]:
    """Draw the front, whiskers, dots, and labels that keep clear of one another."""
    places = [
        (x(math.log10(mark.speed or 1.0)), y(mark.estimate.value or 0.0), mark)
        for mark in drawn
    ]
    stairs = _stairs([(px, py) for px, py, _ in places])
    parts = [svg.polyline(stairs, kind="front")] if len(stairs) > 1 else []
    taken = [_Box(px - 5, px + 5, py) for px, py, _ in places]
    for px, py, mark in sorted(places, key=lambda place: place[1]):
        estimate = mark.estimate
        if estimate.low is not None and estimate.high is not None:
            ends = y(estimate.low), y(estimate.high)
            parts.append(svg.line(px, ends[0], px, ends[1], kind="whisker"))
        kind = f"dot {color_class(mark.model)}"
        parts.append(svg.marker(px, py, mark.model.marker, kind=kind))
        parts.append(_point_label(px, py, mark.label, taken))
    return parts


def _point_label(px: float, py: float, label: str, taken: list[_Box]) -> Markup:
    """Put a label right of its dot, else left of it, else lower until it is free."""
    words = shorten(label, 30)
    width = _LETTER * len(words)
    sides = [(px + 9, px + 9, ""), (px - 9 - width, px - 9, "end")]
    sides = [side for side in sides if side[0] >= 0 and side[0] + width <= WIDTH]
    lower = 0
    while True:
        for start, at, anchor in sides or [(px + 9, px + 9, "")]:
            box = _Box(start, start + width, py + lower)
            if not any(box.touches(other) for other in taken):
                taken.append(box)
                return svg.text(at, py + lower + 4, words, anchor=anchor)
        lower += 3


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the stairs through points that no other is right of and above.

    Pixels grow downwards, so "above" is the smaller second number.
    """
    front: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda p: (-p[0], p[1])):
        if not front:
            front.append(point)
        elif point[1] < front[-1][1]:
            front += [(point[0], front[-1][1]), point]
    return front
