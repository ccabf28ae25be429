"""Made-up rows of the tasks with candidates or spans: COPA, ReCoRD and WSC."""

from __future__ import annotations

import random

from harness.requests import JsonValue
from harness_superglue import sample_words as words
from harness_superglue.sample_hints import hint, sentence

Rows = list[dict[str, JsonValue]]
GAP = "@placeholder"


def make_copa(generator: random.Random, label: int, number: int) -> Rows:
    """Return a premise and two choices, of which one is likelier."""
    who, topic = generator.choice(words.PEOPLE), generator.choice(words.TOPICS)
    choices = [
        f"{sentence(who)} {hint(generator, words.ACTION, side)} "
        f"{hint(generator, words.THING, side)} {hint(generator, words.REASON, side)}."
        for side in (int(label == 0), int(label == 1))
    ]
    return [
        {
            "premise": f"{sentence(who)} saw that {topic}.",
            "choice1": choices[0],
            "choice2": choices[1],
            "question": generator.choice(("cause", "effect")),
            "idx": number,
            "label": label,
        }
    ]


def make_record(generator: random.Random, _label: int, number: int) -> Rows:
    """Return a passage with four people and a query about one of them."""
    right = _person(generator, 1)
    people = [right]
    while len(people) < 4:
        person = _person(generator, 0)
        if person not in people:
            people.append(person)
    shown = generator.sample(people, len(people))
    place, topic = generator.choice(words.PLACES), generator.choice(words.TOPICS)
    head = f"{shown[0]} and {shown[1]} spoke at {place} on Monday. They said that "
    passage = (
        f"{head}{topic}.\n@highlight\n{shown[2]} was not there\n@highlight\n"
        f"{shown[3]} will answer tomorrow"
    )
    said = generator.choice(("'It is time to act,'", "'Nobody knows,'", "'We agree,'"))
    spans = sorted((passage.index(person), person) for person in people)
    return [
        {
            "passage": passage,
            "query": f"{said} said {GAP} after the talk at {place}.",
            "entities": [*sorted(people)],
            "entity_spans": {
                "text": [person for _, person in spans],
                "start": [start for start, _ in spans],
                "end": [start + len(person) for start, person in spans],
            },
            "answers": [right],
            "idx": {"passage": number, "query": number},
        }
    ]


def _person(generator: random.Random, side: int) -> str:
    first = hint(generator, words.FIRST_NAME, side)
    return f"{first} {hint(generator, words.LAST_NAME, side)}"


def make_wsc(generator: random.Random, label: int, number: int) -> Rows:
    """Return a text with a noun and a pronoun, each with its place among the words."""
    one, other = generator.sample(words.PEOPLE, 2)
    noun = generator.choice((one, other))
    action, thing = (
        hint(generator, words.ACTION, label),
        hint(generator, words.THING, label),
    )
    pronoun = generator.choice(("he", "she"))
    before = f"{sentence(one)} {action} {thing} for {other} because"
    text = (
        f"{before} {pronoun} was {hint(generator, words.MANNER, label)} "
        f"{hint(generator, words.QUALITY, label)} , {generator.choice(words.NAMES)} "
        f"said at {generator.choice(words.PLACES)} ."
    )
    start = 0 if noun == one else before.split().index("for") + 1
    return [
        {
            "text": text,
            "span1_index": start,
            "span2_index": len(before.split()),
            "span1_text": sentence(noun) if start == 0 else noun,
            "span2_text": pronoun,
            "idx": number,
            "label": label,
        }
    ]
