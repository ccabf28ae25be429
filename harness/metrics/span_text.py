"""How answers are compared: what normalising leaves of them, and shared words.

Two official rules: SQuAD's (its versions 1.1 and 2.0 have the same) for English, and
MLQA's for seven languages.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

Normalise = Callable[[str], str]


class Answer(NamedTuple):
    """What normalising leaves of an answer: one text, its words, the different ones."""

    text: str
    words: list[str]
    distinct: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Answer:
        """Cut a normalised text into words."""
        words = text.split()
        return cls(text, words, frozenset(words))


class Reader:
    """Normalises answers, each different one once."""

    def __init__(self, normalise: Normalise) -> None:
        self._normalise = normalise
        self._known: dict[str, Answer] = {}

    def __call__(self, text: str) -> Answer:
        answer = self._known.get(text)
        if answer is None:
            answer = self._known[text] = Answer.of(self._normalise(text))
        return answer


def overlap_f1(predicted: Answer, right: Answer) -> float:
    """Return the F1 of the words that two answers share, 0 where they share none."""
    shared = _shared(predicted, right)
    if not shared:
        return 0.0
    precision = shared / len(predicted.words)
    recall = shared / len(right.words)
    return (2 * precision * recall) / (precision + recall)


def _shared(one: Answer, other: Answer) -> int:
    """Count the words that two answers share, repeated ones as often as in both."""
    common = one.distinct & other.distinct
    if not common or len(one.words) == len(one.distinct):
        return len(common)
    if len(other.words) == len(other.distinct):
        return len(common)
    return (Counter(one.words) & Counter(other.words)).total()


_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ENGLISH_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalise_squad(text: str) -> str:
    """Drop case, ASCII punctuation, English articles and extra white space.

    `normalize_answer` of the official script. Punctuation goes without leaving a
    space, so that ``U.S.`` is ``us`` and ``the-end`` is ``theend``.
    """
    bare = text.lower().translate(_ASCII_PUNCTUATION)
    return " ".join(_ENGLISH_ARTICLES.sub(" ", bare).split())


_ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(của|là|cái|chiếc|những)\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": "\u0627\u0644",  # the script has another branch, which can't match
}
_CHINESE = re.compile("([\u4e00-\u9fa5])")

LANGUAGES = ("ar", "de", "en", "es", "hi", "vi", "zh")
"""What MLQA is in."""


@cache
def mlqa_normaliser(language: str) -> Normalise:
    """Return what MLQA's script does to an answer of a language.

    All of Unicode's punctuation goes, then the language's articles (in Arabic its
    two letters wherever they stand). Chinese characters are words of their own.

    Args:
        language: one of `LANGUAGES`.
    """
    punctuation = dict.fromkeys(
        code
        for code in range(sys.maxunicode)
        if unicodedata.category(chr(code)).startswith("P")
    ) | dict.fromkeys(map(ord, string.punctuation))
    articles = re.compile(_ARTICLES[language]) if language in _ARTICLES else None

    def normalise(text: str) -> str:
        bare = text.lower().translate(punctuation)
        if articles is not None:
            bare = articles.sub(" ", bare)
        if language == "zh":
            bare = _CHINESE.sub(r" \1 ", bare)
        return " ".join(bare.split())

    return normalise
