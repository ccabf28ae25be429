"""What baselines say, for problems of several kinds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from harness.errors import DataError
from harness.requests import JsonValue
from harness.task import Example


def known_targets(train_targets: Sequence[JsonValue]) -> list[JsonValue]:
    """Return the targets that are there.

    Raises:
        DataError: there is none.
    """
    targets: list[JsonValue] = [t for t in train_targets if t is not None]
    if not targets:
        raise DataError(
            "there is no training target, expected at least one: check the data's "
            "training split"
        )
    return targets


def most_frequent(train_targets: Sequence[JsonValue], labels: Sequence[str]) -> str:
    """Return the most frequent label; the label order decides between equals.

    Raises:
        DataError: there is no training target.
    """
    counts = Counter(str(target) for target in known_targets(train_targets))
    return max(labels, key=lambda label: counts[label])


def own_targets(examples: Sequence[Example]) -> list[JsonValue]:
    """Return every example's own target, the first of several acceptable ones."""
    return [
        example.target[0]
        if isinstance(example.target, list) and example.target
        else example.target
        for example in examples
    ]


def draw_each(
    examples: Sequence[Example],
    seed: int,
    draw: Callable[[Example, random.Random], JsonValue],
) -> list[JsonValue]:
    """Return a draw for every example; it depends on the seed and the id alone."""
    return [draw(one, random.Random(f"{seed}:{one.id}")) for one in examples]
