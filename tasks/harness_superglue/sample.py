"""SuperGLUE samples made up by rule: small, seeded, and worth learning.

Every task has its real columns and labels. No word gives a label away: several words of
a row each lean to its label, and each leans to the other one now and then.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness import DataError, Row
from harness.requests import JsonValue
from harness_superglue import sample_choices, sample_labels

Rows = list[dict[str, JsonValue]]
Make = Callable[[random.Random, int, int], Rows]
PLAIN = {"train": 1000, "validation": 250, "test": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a configuration's rows are made.

    Attributes:
        make: makes the rows of one draw (a passage has several) from a label and the
            draw's number.
        shares: how often each label stands, of the draws.
        hidden: what the target column holds in a split without labels.
        target: the target column.
        sizes: how many draws each split has.
    """

    make: Make
    shares: Sequence[float] = (0.45, 0.55)
    hidden: JsonValue = -1
    target: str = "label"
    sizes: Mapping[str, int]


def make_sample(config: str, split: str, seed: int) -> list[Row]:
    """Make the rows of a split; the same seed gives the same rows.

    The splits of one seed share no row.

    Raises:
        DataError: the configuration has no such split.
    """
    recipe = RECIPES[config]
    if split not in recipe.sizes:
        raise DataError(
            f"the sample of SuperGLUE {config} has no split {split!r}, expected one of "
            f"{', '.join(recipe.sizes)}: choose one of these"
        )
    rows = list(_draw(config, recipe, split, seed))
    if split == "test" and "train" in recipe.sizes:
        rows = [{**row, recipe.target: recipe.hidden} for row in rows]
    return rows


def _draw(config: str, recipe: Recipe, wanted: str, seed: int) -> Iterator[Row]:
    """Yield the wanted split, after making those before it so that none repeats."""
    generator = random.Random(f"super_glue/{config}:{seed}")
    seen: set[str] = set()
    for split, size in recipe.sizes.items():
        for number, label in enumerate(_labels(generator, recipe.shares, size)):
            rows = recipe.make(generator, label, number)
            while _inputs(rows) in seen:
                rows = recipe.make(generator, label, number)
            seen.add(_inputs(rows))
            if split == wanted:
                yield from rows
        if split == wanted:
            return


def _inputs(rows: Rows) -> str:
    hidden = ("idx", "label", "answers")
    return repr([[v for k, v in row.items() if k not in hidden] for row in rows])


def _labels(generator: random.Random, shares: Sequence[float], size: int) -> list[int]:
    """Return shuffled labels of fixed shares."""
    counts = [round(share * size) for share in shares[:-1]]
    counts.append(size - sum(counts))
    drawn = [label for label, count in enumerate(counts) for _ in range(count)]
    generator.shuffle(drawn)
    return drawn


RECIPES: Mapping[str, Recipe] = {
    "boolq": Recipe(make=sample_labels.make_boolq, sizes=PLAIN),
    "cb": Recipe(make=sample_labels.make_cb, shares=(0.46, 0.34, 0.2), sizes=PLAIN),
    "copa": Recipe(make=sample_choices.make_copa, sizes=PLAIN),
    "multirc": Recipe(
        make=sample_labels.make_multirc,
        shares=(1.0,),
        sizes={"train": 125, "validation": 40, "test": 30},
    ),
    "record": Recipe(
        make=sample_choices.make_record,
        shares=(1.0,),
        hidden=[],
        target="answers",
        sizes=PLAIN,
    ),
    "rte": Recipe(make=sample_labels.make_rte, sizes=PLAIN),
    "wic": Recipe(make=sample_labels.make_wic, sizes=PLAIN),
    "wsc": Recipe(make=sample_choices.make_wsc, sizes=PLAIN),
    "axb": Recipe(make=sample_labels.make_axb, sizes={"test": 200}),
    "axg": Recipe(make=sample_labels.make_axg, sizes={"test": 100}),
}
