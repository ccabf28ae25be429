"""What the samples share: seeded splits of fixed sizes that have no row in common."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TypeVar

from harness import DataError

Made = TypeVar("Made")
Make = Callable[[random.Random, str, int], tuple[str, Made]]
"""Makes the item of a split and a place in it, with a text that tells it apart."""


def draw(
    name: str, make: Make[Made], sizes: Mapping[str, int], split: str, seed: int
) -> list[Made]:
    """Make the items of a split, after those of the splits before it.

    Args:
        name: what is sampled, so that two samples of one seed differ.
        make: makes one item; is asked again where the item was there before.
        sizes: how many items each split has, in order.
        split: the split that is wanted.
        seed: the same seed gives the same items.

    Raises:
        DataError: there is no such split.
    """
    if split not in sizes:
        raise DataError(
            f"the sample of {name} has no split {split!r}, expected one of "
            f"{', '.join(sizes)}: choose one of these"
        )
    generator = random.Random(f"{name}:{seed}")
    seen: set[str] = set()
    items: list[Made] = []
    for each, size in sizes.items():
        items = []
        for place in range(size):
            key, item = make(generator, each, place)
            while key in seen:
                key, item = make(generator, each, place)
            seen.add(key)
            items.append(item)
        if each == split:
            break
    return items
