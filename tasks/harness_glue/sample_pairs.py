"""Made-up sentence pairs: facts that agree or differ, and hints that lean."""

from __future__ import annotations

import functools
import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

Words = tuple[str, ...]
Facts = Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A grammar of sentence pairs, one table of ``scenes.toml``.

    Attributes:
        first: templates of the first sentence.
        second: templates of the second sentence.
        facts: what the sentences tell, slot by slot: the wordings in the first and in
            the second sentence. Neighbours (0 and 1, 2 and 3, ...) exclude each other.
        changing: slots whose fact may turn into its neighbour in the second sentence.
        hints: slots whose words lean to a side: the words of every side.
    """

    first: Words
    second: Words
    facts: Facts
    changing: Words
    hints: Mapping[str, tuple[Words, ...]]


def make_pair(
    generator: random.Random, scene: Scene, *, hints: Sequence[float], changes: int
) -> tuple[str, str]:
    """Return two sentences.

    Args:
        generator: where chance comes from.
        scene: the grammar.
        hints: the weight of each side in every hint slot.
        changes: how many facts the second sentence changes, of those that both tell.
    """
    templates = generator.choice(scene.first), generator.choice(scene.second)
    shown = [
        slot
        for slot in scene.changing
        if all(f"{{{slot}}}" in template for template in templates)
    ]
    changed = generator.sample(shown, min(changes, len(shown)))
    facts = scene.facts
    chosen = {slot: generator.randrange(len(facts[slot])) for slot in facts}
    told = {slot: facts[slot][number][0] for slot, number in chosen.items()}
    chosen |= {slot: chosen[slot] ^ 1 for slot in changed}
    told_again = {slot: facts[slot][number][1] for slot, number in chosen.items()}
    hinted = _draw_hints(generator, scene, hints)
    return (
        _fill(templates[0], told | hinted),
        _fill(templates[1], told_again | hinted),
    )


def _fill(template: str, words: Mapping[str, str]) -> str:
    text = template.format_map(words)
    return text[0].upper() + text[1:]


def _draw_hints(
    generator: random.Random, scene: Scene, weights: Sequence[float]
) -> dict[str, str]:
    """Draw words for every hint slot and, apart, for its namesake ending in 2."""
    hinted = {}
    for slot, sides in scene.hints.items():
        for name in (slot, f"{slot}2"):
            (words,) = generator.choices(sides, weights)
            hinted[name] = generator.choice(words)
    return hinted


def scene(name: str) -> Scene:
    """Return a scene by its name; the diagnostic set's mixes both halves of MNLI."""
    scenes = _read_scenes()
    if name in scenes:
        return scenes[name]
    mnli, other = scenes["mnli"], _read_facts(_read_tables()["mnli_mismatched"])
    if name == "mnli_mismatched":
        return replace(mnli, facts=other)
    return replace(mnli, facts={slot: mnli.facts[slot] + other[slot] for slot in other})


@functools.cache
def _read_tables() -> dict[str, Any]:
    text = resources.files("harness_glue").joinpath("scenes.toml").read_text("utf-8")
    return tomllib.loads(text)


@functools.cache
def _read_scenes() -> dict[str, Scene]:
    return {
        name: Scene(
            first=tuple(table["first"]),
            second=tuple(table["second"]),
            facts=_read_facts(table),
            changing=tuple(table["changing"]),
            hints={
                slot: tuple(_split(words, "|") for words in sides)
                for slot, sides in table["hints"].items()
            },
        )
        for name, table in _read_tables().items()
        if "first" in table
    }


def _read_facts(table: Mapping[str, Any]) -> Facts:
    facts = {}
    for slot, text in table["facts"].items():
        wordings = [_split(choice, "=") for choice in _split(text, "|")]
        facts[slot] = tuple((wording[0], wording[-1]) for wording in wordings)
    return facts


def _split(text: str, separator: str) -> Words:
    return tuple(piece.strip() for piece in text.split(separator))
