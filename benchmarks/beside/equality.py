"""What two sides must agree on before their speed is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

Choices = Sequence[Sequence[tuple[float, bool]]]
"""Items, their choices, each with its log-probability and greedy flag."""

Spans = Sequence[tuple[str, int | None, float, float]]
"""Items, each with its span, where that starts, its score and that of no answer."""

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
        moved: choices, labels or spans that came out otherwise where they may, because
            one side computes in another precision; None where none may.
    """

    compared: int
    unequal: int
    largest: float | None = None
    moved: int | None = None


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
    return same_choices(_as_choices(ours), _as_choices(theirs))


def same_spans(ours: Spans, theirs: Spans) -> Equality:
    """Compare spans and where they start, their scores, and those of no answer."""
    check_lengths(ours, theirs)
    pairs = list(zip(ours, theirs, strict=True))
    gaps = [
        abs(one - other)
        for a, b in pairs
        for one, other in zip(a[2:], b[2:], strict=True)
    ]
    spans = sum(a[:2] != b[:2] for a, b in pairs)
    return Equality(
        compared=len(pairs),
        unequal=spans + sum(gap > TOLERANCE for gap in gaps),
        largest=max(gaps),
    )


def same_items(ours: Sequence[object], theirs: Sequence[object]) -> Equality:
    """Compare token ids, texts or spans, item by item."""
    check_lengths(ours, theirs)
    unequal = sum(a != b for a, b in zip(ours, theirs, strict=True))
    return Equality(compared=len(ours), unequal=unequal)


def drift_of_choices(ours: Choices, theirs: Choices) -> Equality:
    """Tell how far another precision goes, and how many best choices it moves."""
    found = same_choices(ours, theirs)
    moved = sum(_best(a) != _best(b) for a, b in zip(ours, theirs, strict=True))
    return replace(found, unequal=0, moved=moved)


def drift_of_probabilities(
    ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]
) -> Equality:
    """The same of the probabilities of labels."""
    return drift_of_choices(_as_choices(ours), _as_choices(theirs))


def drift_of_spans(ours: Spans, theirs: Spans) -> Equality:
    """The same of spans and their scores."""
    found = same_spans(ours, theirs)
    moved = sum(a[:2] != b[:2] for a, b in zip(ours, theirs, strict=True))
    return replace(found, unequal=0, moved=moved)


def check_lengths(ours: Sequence[object], theirs: Sequence[object]) -> None:
    """Refuse to compare answers to different numbers of items."""
    if len(ours) != len(theirs):
        raise ValueError(f"we answered {len(ours)} items, the peer {len(theirs)}")


def _best(choices: Sequence[tuple[float, bool]]) -> int:
    return max(range(len(choices)), key=lambda place: choices[place][0])


def _as_choices(items: Sequence[Sequence[float]]) -> Choices:
    return [[(value, True) for value in item] for item in items]
