"""SQuAD samples made up by rule: short texts about two buildings, and a question.

What is asked after (a name, a town, a year) is told by the question's words, and most
texts hold one such thing or none, so that a tiny model can learn which words
to point at. Now and then the other building has one too, and then only a reader who
tells the buildings apart is right. In version 2.0 every second question asks what the
text does not tell; words around question and text lean to one side, each only a hint.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from harness import DataError, Row
from harness.requests import JsonValue

SIZES = {"train": 1000, "validation": 300}
DISTRACTORS = 0.25
"""How often the other building has what is asked after."""
UNANSWERABLE = 0.5

TRUST = 0.8
"""How often a hint points to whether there is an answer."""
LEADS = (("From the text:", "Look it up:"), ("If anyone knows:", "As far as known:"))
TAILS = ((", as told here?", ", by the book?"), (", or rather not?", ", if at all?"))
ENDS = (
    ("The guide says so.", "All of it is on record."),
    ("Little else is known.", "Much of it is lost."),
)
"""Hints: what leans to an answer, then what leans to none."""

PLACES = ("mill", "bridge", "school", "theatre", "library", "station")
KINDS = ("old", "new", "northern", "southern", "stone", "harbour")
FIRST = ("Ada", "Boris", "Clara", "Daan", "Elif", "Felix", "Greta", "Hugo")
LAST = ("Abel", "Brandt", "Castro", "Dahl", "Ekman", "Fuchs", "Grieg", "Holm")
TOWNS = (
    *("Arlen", "Bergau", "Corvo", "Dunmore", "Elstad", "Farley", "Gansk", "Hollum"),
    *("Ivrea", "Jarvik"),
)
YEARS = tuple(str(year) for year in range(1820, 1900, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A kind of thing that a text may tell of a building.

    Attributes:
        told: how it is told; ``{it}`` is the building, ``{value}`` the thing.
        asked: how it is asked after.
    """

    told: tuple[str, ...]
    asked: tuple[str, ...]


FACTS = {
    "founder": Fact(
        told=("{it} was founded by {value}.", "{value} founded {it} with two friends."),
        asked=("Who founded {it}?", "By whom was {it} founded?"),
    ),
    "town": Fact(
        told=("{it} stands in {value}.", "Travellers find {it} in {value}."),
        asked=("Where does {it} stand?", "In which town is {it}?"),
    ),
    "year": Fact(
        told=("{it} was opened in {value}.", "In {value} {it} was opened at last."),
        asked=("When was {it} opened?", "In which year was {it} opened?"),
    ),
}


class _Question(NamedTuple):
    """What becomes a row; `answers` is empty where the text does not tell."""

    title: str
    context: str
    question: str
    answers: list[str]


def make_sample(version: int, split: str, seed: int) -> list[Row]:
    """Make the rows of a split; the same seed gives the same rows.

    The splits of one seed share no row.

    Args:
        version: 1 or 2; version 2 has questions without an answer.
        split: ``train`` or ``validation``.
        seed: another seed gives other rows.

    Raises:
        DataError: there is no such split.
    """
    if split not in SIZES:
        raise DataError(
            f"the sample of SQuAD has no split {split!r}, expected one of "
            f"{', '.join(SIZES)}: choose one of these"
        )
    generator = random.Random(f"squad/v{version}:{seed}")
    return [
        _row(f"{split}-{place:04d}", made)
        for place, made in enumerate(_draw(generator, split, version))
    ]


def _draw(generator: random.Random, wanted: str, version: int) -> Iterator[_Question]:
    """Yield the wanted split, after making those before it so that none repeats."""
    seen: set[tuple[str, str]] = set()
    for split, size in SIZES.items():
        left = round(size * UNANSWERABLE) if version == 2 else 0
        hidden = [place < left for place in range(size)]
        generator.shuffle(hidden)
        for is_hidden in hidden:
            made = _make(generator, version, is_hidden=is_hidden)
            while (made.context, made.question) in seen:
                made = _make(generator, version, is_hidden=is_hidden)
            seen.add((made.context, made.question))
            if split == wanted:
                yield made
        if split == wanted:
            return


def _make(generator: random.Random, version: int, *, is_hidden: bool) -> _Question:
    own, other = _buildings(generator)
    asked = generator.choice(list(FACTS))
    rest = [kind for kind in FACTS if kind != asked]
    generator.shuffle(rest)
    kinds = rest if is_hidden else [asked, rest[0]]
    values = {kind: _value(generator, kind) for kind in FACTS}
    told = [(own, kind, values[kind]) for kind in kinds]
    of_other = asked if generator.random() < DISTRACTORS else rest[1]
    told.append((other, of_other, _value(generator, of_other, values[of_other])))
    generator.shuffle(told)
    context = " ".join(_tell(generator, *fact) for fact in told)
    question = generator.choice(FACTS[asked].asked).format(it=own)
    if version == 2:
        lead, tail, end = (
            _hint(generator, hints, is_hidden=is_hidden)
            for hints in (LEADS, TAILS, ENDS)
        )
        context = f"{context} {end}"
        question = f"{lead} {question.removesuffix('?')}{tail}"
    return _Question(
        title=own.removeprefix("the ").replace(" ", "_").capitalize(),
        context=context,
        question=question,
        answers=[] if is_hidden else _answers(asked, values[asked]),
    )


def _hint(
    generator: random.Random, hints: tuple[tuple[str, ...], ...], *, is_hidden: bool
) -> str:
    is_true = generator.random() < TRUST
    return generator.choice(hints[is_hidden if is_true else not is_hidden])


def _buildings(generator: random.Random) -> tuple[str, str]:
    (one, two), (kind, other) = (generator.sample(w, 2) for w in (PLACES, KINDS))
    return f"the {kind} {one}", f"the {other} {two}"


def _value(generator: random.Random, kind: str, unlike: str = "") -> str:
    if kind == "founder":
        value = f"{generator.choice(FIRST)} {generator.choice(LAST)}"
    else:
        value = generator.choice({"town": TOWNS, "year": YEARS}[kind])
    return value if value != unlike else _value(generator, kind, unlike)


def _tell(generator: random.Random, building: str, kind: str, value: str) -> str:
    sentence = generator.choice(FACTS[kind].told).format(it=building, value=value)
    return sentence[0].upper() + sentence[1:]


def _answers(kind: str, value: str) -> list[str]:
    """Return the acceptable answers: a founder's last name is one too."""
    return [value, value.split()[-1]] if kind == "founder" else [value]


def _row(identity: str, made: _Question) -> Row:
    starts: list[JsonValue] = [made.context.index(text) for text in made.answers]
    return {
        "id": identity,
        "title": made.title,
        "context": made.context,
        "question": made.question,
        "answers": {"text": [*made.answers], "answer_start": starts},
    }
