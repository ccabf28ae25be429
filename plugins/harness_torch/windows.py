"""Windows over a text longer than a model, in which each token has both its sides."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def window_starts(count: int, room: int) -> list[int]:
    """Return where windows begin that share half; the last ends where the text does.

    Args:
        count: tokens of the text; of none there is no window.
        room: tokens of a window.
    """
    if count <= room:
        return [0] if count else []
    return [*range(0, count - room, max(1, room // 2)), count - room]


def home_of(first: int, starts: Sequence[int], room: int) -> int:
    """Return the window in which a token has most tokens on both of its sides."""
    holding = range(bisect_left(starts, first - room + 1), bisect_right(starts, first))

    def margin(window: int) -> int:
        return min(first - starts[window], starts[window] + room - 1 - first)

    return max(holding, key=margin)
