"""How numbers are written: as many decimals as the interval bears, units, hashes."""

from __future__ import annotations

from collections.abc import Iterable

from harness_reports.view import Estimate

MINUS = "\N{MINUS SIGN}"
HUGE = 1e6
"""A score from here on, such as a perplexity, is written with an exponent."""
MOST_DECIMALS = 3
NOISE = 1e-6
"""An interval narrower than this comes of rounding, or of scores next to nothing: a
product of four precisions, some of them smoothed, has any size."""


def decimals_for(half_widths: Iterable[float | None], *, default: int = 1) -> int:
    """Return how many decimals a column of scores bears.

    The narrowest interval decides, so that its half-width shows one or two digits:
    ±12 bears none, ±4.1 and ±0.6 one, ±0.06 two. There are never more than three.

    Args:
        half_widths: half the width of each interval; None, zero and rounding noise
            don't count.
        default: what to return where no interval counts.
    """
    known = [width for width in half_widths if width and width > NOISE]
    if not known:
        return default
    decimals, bound = 0, 9.95
    while min(known) < bound and decimals < MOST_DECIMALS:
        decimals += 1
        bound = 0.95 * 10.0**-decimals
    return decimals


def fixed(value: float | None, decimals: int) -> str:
    """Write a number with its decimals and a real minus sign; `HUGE` ones as 2.79e11."""
    if value is None:
        return ""
    if abs(value) >= HUGE:
        return f"{value:.2e}".replace("e+", "e").replace("-", MINUS)
    text = f"{value:.{decimals}f}"
    is_zero = not text.strip("-0.")
    return text.replace("-", "" if is_zero else MINUS)


def plus_minus(estimate: Estimate, decimals: int) -> str:
    """Write half the interval's width, such as ``±0.6``; empty where there is none."""
    half = estimate.half_width
    return "" if half is None else f"±{fixed(half, decimals)}"


def bracketed(estimate: Estimate, decimals: int) -> str:
    """Write the interval, such as ``[81.5, 82.7]``; empty where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"[{fixed(estimate.low, decimals)}, {fixed(estimate.high, decimals)}]"


def significant(value: float | None) -> str:
    """Write a positive number with three digits and no exponent."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def percent(share: float | None) -> str:
    """Write a share in per cent, with a digit behind the point below ten."""
    if share is None:
        return ""
    return f"{share:.0%}" if share >= 0.1 or not share else f"{share:.1%}"


def memory(byte_count: int | None) -> str:
    """Write bytes in GB or MB (powers of ten)."""
    if byte_count is None:
        return ""
    if byte_count >= 1e8:
        return f"{byte_count / 1e9:.1f} GB"
    return f"{byte_count / 1e6:.0f} MB"


def count(number: int | None) -> str:
    """Write a count such as parameters in billions, millions or thousands."""
    if number is None:
        return ""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            scaled = number / size
            return (
                f"{scaled:.0f} {letter}" if scaled >= 10 else f"{scaled:.1f} {letter}"
            )
    return str(number)


def duration(seconds: float | None) -> str:
    """Write seconds in the unit that suits them, such as ``41 s`` or ``2 h 05 min``."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun, such as ``1 task`` or ``9 tasks``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
