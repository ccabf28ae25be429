"""A small made-up text with regularities that a model can learn."""

from __future__ import annotations

import random
from pathlib import Path

NAMES = ("Ann", "Bob", "Cid", "Dora")
THINGS = ("house", "river", "garden", "mountain", "letter", "piano")
COLOURS = ("old", "small", "green", "quiet")


def document(seed: int, lines: int = 30) -> str:
    """Make a document whose every line says the same thing twice."""
    draw = random.Random(seed)
    hero = draw.choice(NAMES)
    made = []
    for _ in range(lines):
        colour, thing = draw.choice(COLOURS), draw.choice(THINGS)
        made.append(f"{hero} sees the {colour} {thing}. The {thing} is {colour}.")
    return "\n".join(made)


def write_texts(folder: Path, count: int = 8, lines: int = 30) -> Path:
    """Write documents, a file each."""
    folder.mkdir()
    for seed in range(count):
        (folder / f"{seed}.txt").write_text(document(seed, lines))
    return folder
