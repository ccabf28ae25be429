"""Made-up sentences with named entities: the words around a name say what it is.

Some names are a person's in one sentence and a place's or a club's in another, so that
a list of names does not do.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from harness import Row
from harness_text.drawing import draw

SIZES = {"train": 800, "validation": 200, "test": 200}
TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
SHARED_NAMES = ("Lincoln", "Sydney", "Jordan", "Santiago", "Chelsea", "Florence")
"""Names of persons, of places, and of clubs."""
FIRST_NAMES = ("Maria", "Pavel", "Aiko", "Samuel", "Ines", *SHARED_NAMES)
SURNAMES = ("Novak", "Okafor", "Lindgren", "Duarte", "Weiss", *SHARED_NAMES)
PLACES = ("Rotterdam", "New Haven", "Accra", "Lower Saxony", "Lima", *SHARED_NAMES)
NATIONS = ("Dutch", "Peruvian", "Ghanaian", "Czech", "Japanese", "Swedish")
ENDINGS = ("United", "Bank", "Rovers", "Motors", "Press")
TEMPLATES = (
    "{PER} scored twice for {ORG} on Saturday .",
    "{ORG} opened an office in {LOC} .",
    "The {MISC} minister met {PER} in {LOC} .",
    "{PER} , a {MISC} painter , was born in {LOC} .",
    "Shares of {ORG} fell after {PER} resigned .",
    "Trains from {LOC} to {LOC} were late again .",
    "{ORG} said that {PER} would stay in {LOC} .",
    "{LOC} expects rain until Tuesday .",
    "A {MISC} team beat {ORG} by two goals .",
    "Nothing was decided at the meeting .",
    "{PER} told {PER} to wait .",
    "The mayor of {LOC} thanked {ORG} .",
)


class Tagged(NamedTuple):
    """Words with a tag each."""

    words: list[str]
    tags: list[str]


def make_entities(split: str, seed: int) -> list[Row]:
    """Make the rows of a split, tags as numbers."""
    sentences = draw("text/conll2003", _sentence, SIZES, split, seed)
    return [
        {
            "id": str(number),
            "tokens": [*sentence.words],
            "ner_tags": [TAGS.index(tag) for tag in sentence.tags],
        }
        for number, sentence in enumerate(sentences)
    ]


def _sentence(generator: random.Random, _split: str, _place: int) -> tuple[str, Tagged]:
    first, second = generator.sample(TEMPLATES, 2)
    made = Tagged([], [])
    for piece in f"{first} {second}".split():
        if piece.startswith("{"):
            kind = piece.strip("{}")
            name = _name(generator, kind)
            made.words.extend(name)
            made.tags.extend([f"B-{kind}", *[f"I-{kind}"] * (len(name) - 1)])
        else:
            made.words.append(piece)
            made.tags.append("O")
    return " ".join(made.words), made


def _name(generator: random.Random, kind: str) -> list[str]:
    if kind == "PER":
        names = [generator.choice(FIRST_NAMES), generator.choice(SURNAMES)]
        return names if generator.random() < 0.6 else names[1:]
    if kind == "ORG":
        place = generator.choice(PLACES).split()
        is_plain = generator.random() < 0.3
        return place if is_plain else [*place, generator.choice(ENDINGS)]
    if kind == "LOC":
        return generator.choice(PLACES).split()
    return [generator.choice(NATIONS)]
