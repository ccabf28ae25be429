"""What two sides must agree on before their speed is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Choices = Sequence[Sequence[tuple[float, bool]]]
"""Items, their choices, each with its log-probability and greedy flag."""

TOLERANCE = 1e-4
"""By which a log-probability or probability may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """How far two sides agree.

    Attributes:
        compared: how many values or answers.
        unequal: how many of them differ: numbers by more than `TOLERANCE`, and flags,
            choices, labels, tokens and texts at all.
        largest: the largest difference of two numbers, None where there are none.
    """

    compared: int
    unequal: int
    largest: float | None = None


def same_choices(ours: Choices, theirs: Choices) -> Equality:
    """Compare log-probabilities, greedy flags, and which choice is best."""
    check_lengths(ours, theirs)
    pairs = [
        pair
        for a, b in zip(ours, theirs, strict=True)
        for pair in zip(a, b, strict=True)
    ]
    gaps = [abs(one[0] - other[0]) for one, other in pairs]
    flags = sum(bool(one[1]) != bool(other[1]) for one, other in pairs)
    best = sum(_best(a) != _best(b) for a, b in zip(ours, theirs, strict=True))
    return Equality(
        compared=len(pairs),
        unequal=sum(gap > TOLERANCE for gap in gaps) + flags + best,
        largest=max(gaps),
    )


def same_probabilities(
    ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]
) -> Equality:
    """Compare the probabilities of labels, and which label is best."""
    return same_choices(
        [[(value, True) for value in item] for item in ours],
        [[(value, True) for value in item] for item in theirs],
    )


def same_items(ours: Sequence[object], theirs: Sequence[object]) -> Equality:
    """Compare token ids, texts or spans, item by item."""
    check_lengths(ours, theirs)
    unequal = sum(a != b for a, b in zip(ours, theirs, strict=True))
    return Equality(compared=len(ours), unequal=unequal)


def check_lengths(ours: Sequence[object], theirs: Sequence[object]) -> None:
    """Refuse to compare answers to different numbers of items."""
    if len(ours) != len(theirs):
        raise ValueError(f"we answered {len(ours)} items, the peer {len(theirs)}")


def _best(choices: Sequence[tuple[float, bool]]) -> int:
    return max(range(len(choices)), key=lambda place: choices[place][0])
