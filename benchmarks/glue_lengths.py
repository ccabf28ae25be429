"""Texts and pairs as long as GLUE's, of words that mean nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence

from harness.requests import Classify

LABELS = ("no", "yes")
QUANTILES = (
    *(4, 16, 18, 20, 22, 23, 24, 26, 27, 29, 30),
    *(32, 34, 37, 39, 42, 46, 51, 57, 66, 128),
)
"""Tokens of a text or pair at every twentieth of the distribution: GLUE's validation
splits under BERT's uncased WordPiece, special tokens included, 128 at most. QQP's from
10,000 training pairs; tasks weighted by their splits' official sizes, 69,711 in all.
Mean 34.6, deviation 16.6."""

SPECIAL = 2
"""Tokens that frame a text."""


def make_requests(lengths: Sequence[int], seed: int) -> list[Classify]:
    """Make one text of numbers for each length, SPECIAL + 1 at least."""
    draw = random.Random(seed)
    return [
        Classify(text=numbers(draw, length - SPECIAL), labels=LABELS)
        for length in lengths
    ]


def numbers(draw: random.Random, count: int) -> str:
    """Return so many numbers, each of which is a word."""
    return " ".join(str(draw.randrange(100_000)) for _ in range(count))
