"""The candidates of ClozeTest-all."""

from __future__ import annotations

import functools
from importlib import resources


@functools.cache
def read_words() -> tuple[str, ...]:
    """Return the 930 words in the official file's order."""
    file = resources.files("harness_codexglue").joinpath("cloze_words.txt")
    return tuple(file.read_text("utf-8").split())
