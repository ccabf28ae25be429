"""GLUE samples made up by rule: small, seeded, and worth learning.

Every task has its real columns and labels. No word gives a label away: the label
leans on several words at once, of which each is only a hint, and in pair tasks it is
also what a careful reader finds (facts agree or they don't). So a tiny model that
adds hints up beats the majority after two epochs, and one that compares the sentences
does better still.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from harness import DataError, Row
from harness_glue.sample_pairs import make_pair, scene
from harness_glue.sample_sentences import make_judged, make_review

Texts = tuple[str, ...]
Make = Callable[[random.Random, str, float], Texts]

TRUST = 0.8
"""How often a hint points to the right one of two labels."""
TRUST_OF_THREE = 0.7
"""How often a hint points to the right one of three labels."""
SIMILARITIES = tuple(fifths / 5 for fifths in range(26))
PLAIN_SPLITS = {"train": 1000, "validation": 250, "test": 200}
MNLI_SPLITS = {
    "train": 1000,
    "validation_matched": 250,
    "validation_mismatched": 250,
    "test_matched": 200,
    "test_mismatched": 200,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a configuration's rows are made.

    Attributes:
        columns: the text columns.
        make: makes the texts of one row for a split and a label.
        labels: how many labels there are, None for a similarity from 0 to 5.
        splits: how many rows each split has.
    """

    columns: tuple[str, ...]
    make: Make
    labels: int | None = 2
    splits: Mapping[str, int]


def make_sample(config: str, split: str, seed: int) -> list[Row]:
    """Make the rows of a split; the same seed gives the same rows.

    The splits of one seed share no row, but for the diagnostic set, whose ``test`` is
    ``test_labelled`` without labels. Labels of other test splits are -1 as well.

    Raises:
        DataError: the configuration has no such split.
    """
    recipe = RECIPES[config]
    if split not in recipe.splits:
        raise DataError(
            f"the sample of GLUE {config} has no split {split!r}, expected one of "
            f"{', '.join(recipe.splits)}: choose one of these"
        )
    is_hidden = split.startswith("test") and split != "test_labelled"
    source = "test_labelled" if config == "ax" else split
    rows: list[Row] = []
    for index, (texts, label) in enumerate(_draw(config, recipe, source, seed)):
        columns = dict(zip(recipe.columns, texts, strict=True))
        rows.append({**columns, "label": -1 if is_hidden else label, "idx": index})
    return rows


def _draw(
    config: str, recipe: Recipe, wanted: str, seed: int
) -> Iterator[tuple[Texts, float]]:
    """Yield the wanted split, after making those before it so that none repeats."""
    generator = random.Random(f"glue/{config}:{seed}")
    seen: set[Texts] = set()
    for split, size in recipe.splits.items():
        for label in _labels(generator, recipe.labels, size):
            texts = recipe.make(generator, split, label)
            while texts in seen:
                texts = recipe.make(generator, split, label)
            seen.add(texts)
            if split == wanted:
                yield texts, label
        if split == wanted:
            return


def _labels(generator: random.Random, labels: int | None, size: int) -> list[float]:
    """Return shuffled labels of fixed shares: 45 and 55 %, or 36, 33 and 31 %."""
    if labels is None:
        return generator.choices(SIMILARITIES, k=size)
    ends = (0.45, 1.0) if labels == 2 else (0.36, 0.69, 1.0)
    drawn = [
        next(label for label, end in enumerate(ends) if place < end * size)
        for place in range(size)
    ]
    generator.shuffle(drawn)
    return [*drawn]


def _make_binary(
    name: str, agreeing: int, generator: random.Random, _split: str, label: float
) -> Texts:
    """Make a pair whose facts agree where the label is `agreeing`."""
    hints = (TRUST, 1 - TRUST) if label == 0 else (1 - TRUST, TRUST)
    changes = 0 if label == agreeing else generator.choice((1, 1, 2))
    return make_pair(generator, scene(name), hints=hints, changes=changes)


def _make_similar(generator: random.Random, _split: str, label: float) -> Texts:
    stsb = scene("stsb")
    changes = round((5 - label) / 5 * len(stsb.changing))
    return make_pair(generator, stsb, hints=(5 - label, label), changes=changes)


def _make_inference(generator: random.Random, split: str, label: float) -> Texts:
    """Make a pair whose facts exclude each other where the label is contradiction."""
    hints = [(1 - TRUST_OF_THREE) / 2] * 3
    hints[int(label)] = TRUST_OF_THREE
    half = split.rpartition("_")[2]
    chosen = scene(INFERENCE_SCENES.get(half, "mnli"))
    return make_pair(generator, chosen, hints=hints, changes=int(label == 2))


def _pair(name: str, columns: tuple[str, str], *, agreeing: int) -> Recipe:
    make = functools.partial(_make_binary, name, agreeing)
    return Recipe(columns=columns, make=make, splits=PLAIN_SPLITS)


SENTENCES = ("sentence1", "sentence2")
INFERENCE = ("premise", "hypothesis")
INFERENCE_SCENES = {"mismatched": "mnli_mismatched", "labelled": "ax"}
"""Which scene a split's name ends in."""
RECIPES: dict[str, Recipe] = {
    "cola": Recipe(columns=("sentence",), make=make_judged, splits=PLAIN_SPLITS),
    "sst2": Recipe(columns=("sentence",), make=make_review, splits=PLAIN_SPLITS),
    "mrpc": _pair("mrpc", SENTENCES, agreeing=1),
    "qqp": _pair("qqp", ("question1", "question2"), agreeing=1),
    "stsb": Recipe(
        columns=SENTENCES, make=_make_similar, labels=None, splits=PLAIN_SPLITS
    ),
    "mnli": Recipe(
        columns=INFERENCE, make=_make_inference, labels=3, splits=MNLI_SPLITS
    ),
    "qnli": _pair("qnli", ("question", "sentence"), agreeing=0),
    "rte": _pair("rte", SENTENCES, agreeing=0),
    "wnli": _pair("wnli", SENTENCES, agreeing=1),
    "ax": Recipe(
        columns=INFERENCE,
        make=_make_inference,
        labels=3,
        splits={"test_labelled": 200, "test": 200},
    ),
}
