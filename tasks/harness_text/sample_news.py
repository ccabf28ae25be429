"""Made-up news: articles that report an event, with what is worth keeping of them."""

from __future__ import annotations

import random
from typing import NamedTuple

from harness import Row
from harness_text.drawing import draw

SIZES = {"train": 500, "validation": 150, "test": 150}
TOWNS = ("Arnborough", "Kestwick", "Port Elmer", "Saltmere", "Dunhollow", "Marrow Bay")
PEOPLE = ("Ruth Calder", "Owen Pryce", "Lena Hart", "Amir Dass", "Joan Whitlock")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
EVENTS = {
    "a fire destroyed the old library": ("books", "were saved by neighbours"),
    "the new bridge was opened": ("people", "crossed it on the first day"),
    "a storm closed the harbour": ("boats", "were damaged"),
    "the council voted for a tram line": ("homes", "lie along its route"),
    "the last paper mill shut down": ("workers", "lost their posts"),
    "a lost painting was found in an attic": ("visitors", "came to see it"),
}
"""What happened, and what was counted."""
FILLERS = (
    "Similar things have happened in the region before.",
    "The road to the town was busy all day.",
    "A spokesman declined to give further details.",
    "The weather had been mild for the time of year.",
    "Local shops stayed open late.",
    "A public meeting has been announced for next week.",
    "The town is best known for its cheese fair.",
    "Photographs were shared widely.",
)


class Story(NamedTuple):
    """An article with its highlights and its summary in one sentence."""

    article: str
    highlights: str
    summary: str


def make_story(split: str, seed: int) -> list[Row]:
    """Make articles with three highlights, one a line."""
    stories = draw("text/cnn-dailymail", _story, SIZES, split, seed)
    return [
        {"id": f"{split}-{n}", "article": s.article, "highlights": s.highlights}
        for n, s in enumerate(stories)
    ]


def make_brief(split: str, seed: int) -> list[Row]:
    """Make articles with a summary in one sentence, which does not stand in them."""
    stories = draw("text/xsum", _story, SIZES, split, seed)
    return [
        {"id": f"{split}-{n}", "document": s.article, "summary": s.summary}
        for n, s in enumerate(stories)
    ]


def _story(generator: random.Random, _split: str, _place: int) -> tuple[str, Story]:
    event = generator.choice(tuple(EVENTS))
    things, became = EVENTS[event]
    town, person = generator.choice(TOWNS), generator.choice(PEOPLE)
    day, count = generator.choice(WEEKDAYS), generator.randint(3, 90) * 10
    quoted = generator.choice(("relieved", "surprised", "angry", "proud"))
    facts = [
        f"In {town} {event} on {day}.",
        f"{count} {things} {became}, according to the mayor.",
        f'"We are all {quoted}," said {person}, who lives nearby.',
    ]
    sentences = generator.sample(FILLERS, 4)
    for fact in reversed(facts):
        sentences.insert(generator.randint(0, 2), fact)
    highlights = [
        f"{event[0].upper()}{event[1:]} in {town} on {day} .",
        f"{count} {things} {became} .",
        f"{person} says people are {quoted} .",
    ]
    summary = (
        f"People in {town} are {quoted} after {event} and {count} {things} {became}."
    )
    article = " ".join(sentences)
    return article, Story(article, "\n".join(highlights), summary)
