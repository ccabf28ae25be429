"""Plain text as documents and sentences. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE_ENDS = re.compile(r"\n+|(?<=[.!?])[\"'\u201d\u2019)\]]*\s+")


def divide(texts: Sequence[str], documents: str) -> Iterator[str]:
    """Yield the documents of texts, each with a word or more.

    Args:
        texts: such as the contents of files.
        documents: ``file``, a text is a document; or ``blank-lines``, they end one too.
    """
    for text in texts:
        parts = _BLANK_LINES.split(text) if documents == "blank-lines" else [text]
        yield from (part for part in parts if part.strip())


def sentences(document: str) -> list[str]:
    """Cut a document at line ends, and where a point and space end a sentence."""
    found, start = [], 0
    for end in _SENTENCE_ENDS.finditer(document):
        found.append(document[start : end.end()])
        start = end.end()
    found.append(document[start:])
    return [one.strip() for one in found if one.strip()]
