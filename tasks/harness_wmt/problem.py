"""The problem of translating a segment, with one reference or several."""

from __future__ import annotations

from dataclasses import dataclass

from harness import Row, TextToText
from harness.requests import JsonValue

NO_TRANSLATION = "NO TRANSLATION AVAILABLE"
"""What WMT23's files have where a segment of a test suite has no reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation(TextToText):
    """A text for a text, where a row may have a column of several references.

    The column ``references`` counts where a row has it; the Hub's rows have none, and
    the translation beside the source is the one reference.
    """

    def read_target(self, row: Row) -> JsonValue:
        """Return the row's references, None where they are hidden.

        Raises:
            ValueError: one of them is no text.
        """
        found = row.get("references")
        if not found:
            return TextToText.read_target(self, row)
        if not isinstance(found, list) or not all(isinstance(r, str) for r in found):
            raise ValueError(f"references {found!r:.60}, expected a list of texts")
        return [text for text in found if text != NO_TRANSLATION]


def has_no_translation(row: Row) -> bool:
    """Tell whether a row has no reference at all, only the words that say so.

    WMT23's evaluation leaves such segments out (wmt-conference/wmt23-news-systems).
    """
    found = row.get("references")
    if not found:
        translation = row.get("translation")
        found = list(translation.values()) if isinstance(translation, dict) else []
        return NO_TRANSLATION in found
    return isinstance(found, list) and all(text == NO_TRANSLATION for text in found)
