"""ReCoRD: which entity fills the gap? Its wordings and its simplest answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from harness import Example, MultipleChoice, Prompt, Row, Task, TrainingExample
from harness.formulations import Formulation, GenerateText
from harness.requests import BLANK, JsonValue
from harness_superglue.sources import PET_SOURCE, T5_SOURCE, lm_eval_source

HIGHLIGHT = "\n@highlight\n"
GAP = "@placeholder"
_ENDED = re.compile(r"([.?!\"'])\n@highlight\n")


def lm_eval_text(row: Row) -> str:
    """Word a passage as lm-evaluation-harness does, with its highlights as a list."""
    story, *highlights = str(row["passage"]).strip().split(HIGHLIGHT)
    listed = "".join(f"  - {highlight}.\n" for highlight in highlights)
    return f"{story}\n\n{listed}"


def lm_eval_choice(row: Row) -> str:
    """Word an entity as one more highlight: the query with its gap filled."""
    return f"  - {fill(row)}"


def fill(row: Row) -> str:
    """Return the query with the entity ``choice`` in its gap."""
    return str(row["query"]).replace(GAP, str(row["choice"]))


def plain_passage(row: Row) -> str:
    """Return the passage with its highlights as sentences, as T5 has it."""
    passage = _ENDED.sub(r"\1 ", str(row["passage"]))
    return passage.replace(HIGHLIGHT, ". ")


def t5_text(row: Row) -> str:
    """Word query, entities and passage as T5 does."""
    entities = row["entities"]
    named = ", ".join(map(str, entities if isinstance(entities, list) else ()))
    return (
        f"record query: {row['query']} entities: {named} passage: {plain_passage(row)}"
    )


def pet_text(row: Row) -> str:
    """Word passage and query as PET does, with the query's gap to be filled."""
    passage = str(row["passage"]).replace(HIGHLIGHT.lstrip(), "- ")
    return f"{passage} {str(row['query']).replace(GAP, BLANK)}"


def most_alike(row: Row) -> str:
    """Return the entity that shares most words with the others, the simplest answer.

    It is the baseline of the SuperGLUE paper's table 3: the option with the highest
    F1 with the other options.
    """
    entities = row["entities"]
    named = list(map(str, entities if isinstance(entities, list) else ()))
    words = [Counter(name.lower().split()) for name in named]

    def alike(place: int) -> float:
        own = words[place]
        return sum(_f1(own, other) for other in words) - _f1(own, own)

    return named[max(range(len(named)), key=alike)]


def _f1(one: Counter[str], other: Counter[str]) -> float:
    sizes = one.total() + other.total()
    return 2 * (one & other).total() / sizes if sizes else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteEntity(GenerateText):
    """Let the model write the entity; every acceptable one is learnt, as T5 does."""

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        """Return one training example for each acceptable entity."""
        acceptable = example.target if isinstance(example.target, list) else []
        return tuple(
            shown
            for text in acceptable
            for shown in GenerateText.target(self, _answered(example, text))
        )


def _answered(example: Example, text: JsonValue) -> Example:
    return Example(id=example.id, columns=example.columns, target=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloze(MultipleChoice):
    """One of the entities of a passage, where text-to-text models write any text."""

    def formulations(self, task: Task) -> list[Formulation]:
        """Return what any multiple choice offers, and any text for `generate`."""
        return [_as_entity(way) for way in MultipleChoice.formulations(self, task)]


def _as_entity(way: Formulation) -> Formulation:
    if isinstance(way, GenerateText):
        return WriteEntity(prompt=way.prompt, wording=way.wording)
    return way


LM_EVAL_RECORD = Prompt(
    text=lm_eval_text,
    choice=lm_eval_choice,
    asked_by=("rank",),
    source=lm_eval_source("record"),
)
T5_RECORD = Prompt(text=t5_text, max_tokens=32, source=T5_SOURCE)
PET_RECORD = Prompt(
    text=pet_text,
    asked_by=("cloze",),
    source=f"{PET_SOURCE}, RecordPVP; its choices are scored by our `Fill`, not by PET's "
    "order of decoding",
)
