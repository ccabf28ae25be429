"""Stop texts, looked for in the decoded text as it grows, a tail at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.requests import Generate

Decode = Callable[[Sequence[int]], str]

_SPARE = 4  # tokens: a character has up to four bytes, each of which may be a token


class StopTexts:
    """Texts that end what is written; none is part of it.

    A token adds a byte at least, so a stop text that a token completes lies within as
    many of the last tokens as it has bytes. Only these are decoded for each token.

    Args:
        texts: the stop texts; empty ones stop nothing.
        decode: turns ids into text.
    """

    def __init__(self, texts: Sequence[str], decode: Decode) -> None:
        self._texts = tuple(text for text in texts if text)
        self._decode = decode
        longest = max((len(text.encode()) for text in self._texts), default=0)
        self._tail = longest + _SPARE

    def are_met(self, ids: Sequence[int]) -> bool:
        """Tell whether the last token completes a stop text."""
        if not self._texts or not self._holds(self._decode(ids[-self._tail :])):
            return False
        return len(ids) <= self._tail or self._holds(self._decode(ids))

    def cut(self, ids: Sequence[int]) -> tuple[str, bool]:
        """Return the text of ids before the first stop text, and whether one is there."""
        text = self._decode(ids)
        found = [place for stop in self._texts if (place := text.find(stop)) >= 0]
        return (text[: min(found)], True) if found else (text, False)

    def _holds(self, text: str) -> bool:
        return any(stop in text for stop in self._texts)


def ending(
    ids: Sequence[int], request: Generate, stops: StopTexts, end: frozenset[int]
) -> str | None:
    """Say why a text ends with its last token: ``end``, ``stop``, ``length`` or not."""
    if ids[-1] in end:
        return "end"
    if stops.are_met(ids):
        return "stop"
    return "length" if len(ids) >= request.max_tokens else None
