"""Made-up single sentences: film reviews (SST-2) and judged English (CoLA)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import NamedTuple

GRADES = {
    2: {
        "adjective": ("superb", "brilliant", "wonderful", "gripping"),
        "verb": ("delights", "soars"),
        "verdict": ("a film to treasure", "a joy from start to finish"),
    },
    1: {
        "adjective": ("charming", "clever", "warm", "lively", "honest"),
        "verb": ("works", "surprises", "shines"),
        "verdict": ("worth the ticket", "better than expected"),
    },
    -1: {
        "adjective": ("slow", "uneven", "clumsy", "thin", "noisy"),
        "verb": ("drags", "wanders", "stumbles"),
        "verdict": ("hard to sit through", "forgotten by morning"),
    },
    -2: {
        "adjective": ("dreadful", "lifeless", "painful", "tedious"),
        "verb": ("fails", "collapses"),
        "verdict": ("a waste of talent", "a complete mess"),
    },
}
"""Graded words by part of speech."""
DENIED = "denied"
"""The slot of an adjective after a negation, which counts the other way round."""
REVIEWS = (
    "the {part} is {adjective} , the {other} {verb} , and the {film} is {verdict} .",
    "a {adjective} {film} whose {part} {verb} : {verdict} .",
    "with its {adjective} {part} and {second} {other} , this {film} {verb} .",
    "this {film} {verb} , but the {part} is {adjective} and the {other} {second} .",
    "{verdict} : the {part} {verb} while the {other} stays {adjective} .",
    "{adjective} and {second} , the {film} {verb} in spite of its {part} .",
    "the {part} is never {denied} , the {other} {verb} , and the whole is {verdict} .",
    "{verdict} , and not at all {denied} : a {film} that {verb} .",
)
PARTS = ("plot", "cast", "script", "score", "ending", "camera work", "dialogue", "pace")
FILMS = ("comedy", "thriller", "western", "drama", "musical", "mystery", "romance")


class Choice(NamedTuple):
    """Wordings of one place in a sentence, and what spoils it."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]


PEOPLE = (
    "The teacher",
    "My sister",
    "The old farmer",
    "A student",
    "Our neighbour",
    "Anna",
    "The doctor",
    "The boy from the village",
    "Their cousin",
    "Peter",
)
VERBS = {
    "the market": ("left", "leaved"),
    "the soup": ("ate", "eated"),
    "a new coat": ("bought", "buyed"),
    "the ball": ("caught", "catched"),
    "the class": ("taught", "teached"),
    "a long letter": ("wrote", "writed"),
    "the secret": ("kept", "keeped"),
    "the lost key": ("found", "finded"),
}
"""What was done to what: the right form and the wrong one."""
CHOICES = {
    "plural": Choice(
        ("children", "mice", "feet", "teeth", "women", "geese"),
        ("childs", "mouses", "foots", "tooths", "womans", "gooses"),
    ),
    "compared": Choice(
        ("taller", "happier", "better", "older", "faster", "worse"),
        (
            "more taller",
            "more happier",
            "gooder",
            "more older",
            "more faster",
            "badder",
        ),
    ),
    "pronoun": Choice(("she", "he", "they", "we"), ("her", "him", "them", "us")),
    "amount": Choice(
        ("many books", "much water", "few chairs", "little money"),
        ("much books", "many water", "little chairs", "few money"),
    ),
}
CLAUSES = (
    "and {pronoun} saw {amount} there",
    "before {pronoun} noticed the {plural}",
    "because the {plural} were {compared} than usual",
    "although {pronoun} looked {compared} than the {plural}",
    "while {pronoun} counted {amount} and the {plural}",
    "so {pronoun} had {amount} left",
)


def make_review(generator: random.Random, _split: str, label: float) -> tuple[str]:
    """Return a review whose graded words add up to the label's side."""
    while True:
        template = generator.choice(REVIEWS)
        words, total = _grade(generator, template)
        if total and (total > 0) == bool(label):
            part, other = generator.sample(PARTS, 2)
            film = generator.choice(FILMS)
            return (template.format(part=part, other=other, film=film, **words),)


def _grade(generator: random.Random, template: str) -> tuple[Mapping[str, str], int]:
    """Draw a graded word for every slot and add up those that the template has."""
    words, total = {}, 0
    for slot in ("adjective", "second", DENIED, "verb", "verdict"):
        kind = "adjective" if slot in ("second", DENIED) else slot
        grade = generator.choice((2, 1, -1, -2))
        words[slot] = generator.choice(GRADES[grade][kind])
        if f"{{{slot}}}" in template:
            total += -grade if slot == DENIED else grade
    return words, total


def make_judged(generator: random.Random, _split: str, label: float) -> tuple[str]:
    """Return a sentence, spoilt in one or more places where the label is 0.

    Most places are spoilt by a wrong form; some by word order, or by an amount that
    does not suit its noun, which no single word shows.
    """
    clause = generator.choice(CLAUSES)
    places = ["order", "past", *(slot for slot in CHOICES if f"{{{slot}}}" in clause)]
    count = 0 if label else generator.randint(1, 2)
    spoilt = set(generator.sample(places, count))
    words = {
        slot: generator.choice(choice.wrong if slot in spoilt else choice.right)
        for slot, choice in CHOICES.items()
    }
    thing = generator.choice(tuple(VERBS))
    parts = [VERBS[thing]["past" in spoilt], thing]
    if "order" in spoilt:
        parts.reverse()
    person = generator.choice(PEOPLE)
    return (f"{person} {' '.join(parts)} {clause.format(**words)}.",)
