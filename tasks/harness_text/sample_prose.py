"""Made-up prose for perplexity, and passages whose last word stands in them already.

A small grammar with people, places and things: a text keeps to its own, so that a
model that looks back says more than one that does not.
"""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from harness import Row
from harness_text.drawing import draw

SIZES = {"train": 400, "validation": 100, "test": 100}
PASSAGES = {"test": 200}
PEOPLE = ("Anna", "Peter", "Old Marta", "Jonas", "Ilse", "Tom", "Vera", "Little Karl")
PLACES = ("the mill", "the harbour", "the forest", "the market", "the chapel", "home")
THINGS = (
    "lantern",
    "basket",
    "violin",
    "ladder",
    "letter",
    "kettle",
    "map",
    "bicycle",
    "clock",
    "shovel",
)
TIMES = ("in the morning", "at noon", "before supper", "after dark", "on Sunday")
SENTENCES = (
    "{person} carried the {thing} to {place}.",
    "{time} {person} went to {place} with the {thing}.",
    "{person} and {other} looked for the {thing} at {place}.",
    '"Where is the {thing}?" asked {person}.',
    '"At {place}," said {other}, "where you left it."',
    "The {thing} was old, and {person} would not part with it.",
    "It rained {time}, so {other} stayed at {place}.",
    "Nobody at {place} had ever seen such a {thing}.",
    "{person} mended the {thing} while {other} slept.",
)


class Cast(NamedTuple):
    """Who and what a text is about."""

    person: str
    other: str
    place: str
    thing: str
    time: str


def make_prose(split: str, seed: int) -> list[Row]:
    """Make documents of three paragraphs, each about the same few, with names."""
    documents = draw("text/perplexity", _document, SIZES, split, seed)
    return [
        {"name": f"{split}-{number}", "text": text}
        for number, text in enumerate(documents)
    ]


def make_pages(split: str, seed: int) -> list[Row]:
    """Make documents as WikiText has them: a title, and marks apart from words."""
    documents = draw("text/wikitext", _document, SIZES, split, seed)
    return [{"page": _page(text)} for text in documents]


def make_passages(split: str, seed: int) -> list[Row]:
    """Make passages that end in the thing that they are about."""
    return [
        {"text": text} for text in draw("text/lambada", _passage, PASSAGES, split, seed)
    ]


def _document(generator: random.Random, _split: str, _place: int) -> tuple[str, str]:
    cast = _cast(generator)
    paragraphs = [" ".join(_told(generator, cast, count=4)) for _ in range(3)]
    text = "\n\n".join(paragraphs) + "\n"
    return text, text


def _page(text: str) -> str:
    spaced = re.sub(r'([.,?"])', r" \1", text)
    return f" = {text.split()[0]} = \n \n {spaced}"


def _passage(generator: random.Random, _split: str, _place: int) -> tuple[str, str]:
    cast = _cast(generator)
    first = f"{cast.person} came to {cast.place} with a {cast.thing}."
    sentences = [first, *_told(generator, cast, count=3)]
    text = " ".join(sentences) + f" {cast.other} smiled and took the {cast.thing}"
    return text, text


def _cast(generator: random.Random) -> Cast:
    person, other = generator.sample(PEOPLE, 2)
    return Cast(
        person=person,
        other=other,
        place=generator.choice(PLACES),
        thing=generator.choice(THINGS),
        time=generator.choice(TIMES),
    )


def _told(generator: random.Random, cast: Cast, *, count: int) -> list[str]:
    drawn = generator.sample(SENTENCES, count)
    told = [template.format(**cast._asdict()) for template in drawn]
    return [sentence[0].upper() + sentence[1:] for sentence in told]
