"""Small pieces of SVG: elements, axes, markers. Colours come from page classes.

Nothing here writes a style attribute: the page's content-security policy forbids it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

Attributes = Mapping[str, str | float]


def tag(name: str, attributes: Attributes, *children: str) -> Markup:
    """Return an element; attribute values and plain children are escaped."""
    words = Markup("").join(
        Markup(' {}="{}"').format(key, _written(value))
        for key, value in attributes.items()
    )
    if not children:
        return Markup("<{name}{words}/>").format(name=Markup(name), words=words)
    inside = Markup("").join(children)
    return Markup("<{name}{words}>{inside}</{name}>").format(
        name=Markup(name), words=words, inside=inside
    )


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.1f}".rstrip("0").rstrip(".")


def picture(
    width: float, height: float, *children: str, label: str, kind: str
) -> Markup:
    """Return a whole image that says in words what it shows.

    Args:
        width: in user units, which are pixels where there is room.
        height: likewise.
        children: what is drawn.
        label: the text alternative.
        kind: the page's class for it.
    """
    attributes: dict[str, str | float] = {
        "class": kind,
        "role": "img",
        "aria-label": label,
        "viewBox": f"0 0 {_written(width)} {_written(height)}",
        "width": width,
        "height": height,
    }
    return tag("svg", attributes, *children)


def text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "") -> Markup:
    """Return a text; `anchor` is ``middle`` or ``end`` where it isn't the start."""
    attributes: dict[str, str | float] = {"x": x, "y": y}
    if kind:
        attributes["class"] = kind
    if anchor:
        attributes["text-anchor"] = anchor
    return tag("text", attributes, words)


def line(x1: float, y1: float, x2: float, y2: float, *, kind: str) -> Markup:
    """Return a straight line."""
    return tag("line", {"class": kind, "x1": x1, "y1": y1, "x2": x2, "y2": y2})


def polyline(points: Sequence[tuple[float, float]], *, kind: str) -> Markup:
    """Return an open line through points."""
    written = " ".join(f"{_written(x)},{_written(y)}" for x, y in points)
    return tag("polyline", {"class": kind, "points": written})


def marker(x: float, y: float, shape: int, *, kind: str, size: float = 1.0) -> Markup:
    """Return a dot: circle, square, diamond or triangle by the shape's number."""
    if shape % 4 == 0:
        return tag("circle", {"class": kind, "cx": x, "cy": y, "r": 4 * size})
    corners = (
        ((-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)),
        ((0, -5), (5, 0), (0, 5), (-5, 0)),
        ((0, -4.5), (4.5, 3.5), (-4.5, 3.5)),
    )[shape % 4 - 1]
    points = " ".join(
        f"{_written(x + dx * size)},{_written(y + dy * size)}" for dx, dy in corners
    )
    return tag("polygon", {"class": kind, "points": points})


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Return round values (1, 2 or 5 times a power of ten) within a range."""
    if not high > low:
        return [low]
    raw = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return powers of ten within a range, with their 2s and 5s where it is short."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1,) if math.log10(high / low) > 3 else (1, 2, 5)
    every = [factor * 10.0**power for power in powers for factor in factors]
    return [value for value in every if low * 0.999 <= value <= high * 1.001]


def tick_label(value: float) -> str:
    """Write a tick's value as short as it can be."""
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")
