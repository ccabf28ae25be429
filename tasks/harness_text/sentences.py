"""The first sentences of a text: what summaries are measured against."""

from __future__ import annotations

import re

_QUOTES = "\u2018\u2019\u201c\u201d\"'"
_END = re.compile(rf"[.!?][{_QUOTES})\]]*(?=\s+[{_QUOTES}(\[]*[A-Z0-9])|\n+")
"""An end of a line, or a mark that ends a sentence before one that begins."""


def lead(text: str, *, sentences: int) -> str:
    """Return the first sentences of a text, one a line."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        found.append(text[start : match.end()].strip())
        start = match.end()
    found.append(text[start:].strip())
    return "\n".join([sentence for sentence in found if sentence][:sentences])
