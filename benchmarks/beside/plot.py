"""A picture of all ratios: one line for each, on a scale where doubling is a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from benchmarks.beside.result import Result

LABEL, WIDTH, ROW, TOP, BOTTOM = 640, 1160, 26, 14, 62
NUMBER = 56
"""Pixels that the number behind a line takes."""


def draw(results: Sequence[Result]) -> str:
    """Return an SVG picture: each ratio with its range, and a mark at its aim."""
    ends = [end for one in results for end in (*one.ratios, one.aim)]
    first = min(0, math.floor(math.log2(min(ends))))
    last = max(1, math.ceil(math.log2(max(ends))))
    step = (WIDTH - LABEL - NUMBER) / (last - first)

    def at(ratio: float) -> float:
        return LABEL + step * (math.log2(ratio) - first)

    height = TOP + ROW * len(results) + BOTTOM
    lines = [
        _tick(2.0**power, at(2.0**power), height) for power in range(first, last + 1)
    ]
    rows = [
        _row(
            result,
            middle=TOP + ROW * place + ROW // 2,
            low=at(result.ratios[0]),
            ratio=at(result.ratio),
            high=at(result.ratios[-1]),
            aim=at(result.aim),
        )
        for place, result in enumerate(results)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            'font-family="system-ui, sans-serif" font-size="13" role="img" '
            'aria-label="How many times as fast as its peer each kind of work is">',
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            *lines,
            *rows,
            f'<text x="{WIDTH - 12}" y="{height - 12}" text-anchor="end" '
            'fill="#555b65">times as fast as the '
            "peer: median and range of the turns; the red mark is the aim</text>",
            "</svg>\n",
        ]
    )


def _tick(ratio: float, x: float, height: int) -> str:
    dashes = ' stroke-dasharray="3 3"' if ratio != 1 else ""
    return (
        f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - BOTTOM + 6}" '
        f'stroke="#b9bec6"{dashes}/><text x="{x:.1f}" y="{height - BOTTOM + 22}" '
        f'text-anchor="middle" fill="#555b65">{ratio:g}</text>'
    )


def _row(  # places along one line
    result: Result, *, middle: int, low: float, ratio: float, high: float, aim: float
) -> str:
    end = max(high, ratio + 6, aim) + 8
    return (
        f'<text x="{LABEL - 12}" y="{middle + 4}" text-anchor="end" fill="#1d2127">'
        f'{escape(result.work)} <tspan fill="#6b7280">beside {escape(result.peer)}'
        "</tspan></text>"
        f'<line x1="{aim:.1f}" y1="{middle - 9}" x2="{aim:.1f}" y2="{middle + 9}" '
        'stroke="#b3402a" stroke-width="2"/>'
        f'<line x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}" '
        'stroke="#1f4e82" stroke-width="3"/>'
        f'<circle cx="{ratio:.1f}" cy="{middle}" r="5" fill="#1f4e82"/>'
        f'<text x="{end:.1f}" y="{middle + 4}" fill="#1d2127">{result.ratio:.2f}</text>'
    )
