"""A WMT sample made up by rule: toy sentences in toy languages, one a language code.

Every language writes the same sixty ideas in words of its own and in an order of its
own, so that a translation is a matter of words and order, which a small model learns.
Copying the source is never right. Some segments have a second reference.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from typing import NamedTuple

from harness import DataError, Row

SPLITS = {"train": 600, "validation": 100, "test": 100}
SEGMENTS_IN_DOCUMENT = 5
IDEAS = {"who": 16, "does": 14, "what": 16, "how": 14}
"""How many ideas each part of a sentence chooses from."""
ORDERS = (
    ("who", "does", "what", "how"),
    ("who", "what", "how", "does"),
    ("how", "who", "does", "what"),
)
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


class Language(NamedTuple):
    """A toy language.

    Attributes:
        order: the parts of its sentences, in order.
        words: its words by part and idea; a second one is a synonym.
    """

    order: tuple[str, ...]
    words: dict[tuple[str, int], tuple[str, ...]]


def make_sample(source: str, target: str, split: str, seed: int) -> list[Row]:
    """Make the rows of a split; the same seed gives the same rows.

    The splits of one seed share no sentence.

    Raises:
        DataError: there is no such split.
    """
    if split not in SPLITS:
        raise DataError(
            f"the sample of WMT has no split {split!r}, expected one of "
            f"{', '.join(SPLITS)}: choose one of these"
        )
    languages = language(source), language(target)
    rows: list[Row] = []
    for index, meaning in enumerate(_meanings(split, seed)):
        written = say(languages[0], meaning)
        references = list(
            dict.fromkeys(say(languages[1], meaning, synonym) for synonym in (0, 1))
        )
        rows.append(
            {
                "translation": {source: written, target: references[0]},
                "idx": index,
                "references": list(references),
                "doc_id": f"sample.{index // SEGMENTS_IN_DOCUMENT}",
                "domain": "sample",
            }
        )
    return rows


@functools.lru_cache
def language(code: str) -> Language:
    """Return the toy language that stands for a code; every call gives the same."""
    generator = random.Random(f"wmt/{code}")
    taken: set[str] = set()
    words: dict[tuple[str, int], tuple[str, ...]] = {}
    for part, count in IDEAS.items():
        for idea in range(count):
            # every third idea has two words, so that some references differ
            forms = 2 if idea % 3 == 0 else 1
            words[part, idea] = tuple(_word(generator, taken) for _ in range(forms))
    return Language(generator.choice(ORDERS), words)


def say(spoken: Language, meaning: dict[str, int], synonym: int = 0) -> str:
    """Write a meaning in a language, with the second word of ideas that have two."""
    forms = [spoken.words[part, meaning[part]] for part in spoken.order]
    words = " ".join(form[min(synonym, len(form) - 1)] for form in forms)
    return f"{words[:1].upper()}{words[1:]}."


@functools.lru_cache
def _every_meaning(seed: int) -> tuple[tuple[int, ...], ...]:
    """Return as many different meanings as the splits need, in a drawn order."""
    generator = random.Random(f"wmt:{seed}")
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < sum(SPLITS.values()):
        drawn[tuple(generator.randrange(count) for count in IDEAS.values())] = None
    return tuple(drawn)


def _meanings(wanted: str, seed: int) -> Iterator[dict[str, int]]:
    start = 0
    for split, size in SPLITS.items():
        if split == wanted:
            for ideas in _every_meaning(seed)[start : start + size]:
                yield dict(zip(IDEAS, ideas, strict=True))
        start += size


def _word(generator: random.Random, taken: set[str]) -> str:
    while True:
        syllables = generator.choice((2, 2, 3))
        word = "".join(
            generator.choice(CONSONANTS) + generator.choice(VOWELS)
            for _ in range(syllables)
        )
        if word not in taken:
            taken.add(word)
            return word
