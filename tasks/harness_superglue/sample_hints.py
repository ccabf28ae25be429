"""Hints: words of which each leans to a label and none gives it away."""

from __future__ import annotations

import random
from collections.abc import Sequence

TRUST = 0.8
"""How often a hint points to the right one of two labels."""


def hint(
    generator: random.Random,
    sides: Sequence[Sequence[str]],
    label: int,
    trust: float = TRUST,
) -> str:
    """Return a word that leans to a label."""
    others = (1 - trust) / (len(sides) - 1)
    weights = [trust if side == label else others for side in range(len(sides))]
    (words,) = generator.choices(sides, weights)
    return generator.choice(words)


def sentence(text: str) -> str:
    """Return a text that begins as a sentence does."""
    return text[0].upper() + text[1:]
