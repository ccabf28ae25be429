"""CodeXGLUE samples made up by rule: small, seeded, and worth learning.

Every data set has its real columns. Where there are labels they are true of the code
(two methods compute the same or not), and names lean to a side of them as well, each
only a hint, so that a tiny model can beat the majority.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from harness import DataError, Row
from harness.requests import JsonValue
from harness_codexglue import sample_pairs as pairs
from harness_codexglue import sample_texts as texts
from harness_codexglue.sample_documents import make_document
from harness_codexglue.sample_texts import MASK

Made = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a data set's rows are made.

    Attributes:
        make: makes a row without its ids, given chance, configuration, split and label.
        inputs: the columns that no two rows may share, all together.
        splits: how many rows each split has.
        labels: how many labels there are; with one, `make` gets 0.
        hidden: what the columns of the answer hold in unlabelled splits.
        unlabelled: those splits.
        ids: makes a row's ids of configuration, split and number.
    """

    make: Callable[[random.Random, str, str, int], Made]
    inputs: tuple[str, ...]
    splits: Mapping[str, int]
    labels: int = 1
    hidden: Made = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    ids: Callable[[str, str, int], Made] = lambda _config, _split, number: {
        "id": number
    }


def make_sample(name: str, config: str, split: str, seed: int) -> list[Row]:
    """Make the rows of a split; the same seed gives the same rows.

    The splits of one seed share no row.

    Raises:
        DataError: the data set has no such split.
    """
    recipe = RECIPES[name]
    if split not in recipe.splits:
        raise DataError(
            f"the sample of CodeXGLUE {name} has no split {split!r}, expected one of "
            f"{', '.join(recipe.splits)}: choose one of these"
        )
    hidden = recipe.hidden if split in recipe.unlabelled else {}
    return [
        {**recipe.ids(config, split, number), **made, **hidden}
        for number, made in enumerate(_draw(name, recipe, config, split, seed))
    ]


def _draw(
    name: str, recipe: Recipe, config: str, wanted: str, seed: int
) -> Iterator[Made]:
    """Yield the wanted split, after making those before it so that none repeats."""
    generator = random.Random(f"codexglue/{name}/{config}:{seed}")
    seen: set[str] = set()
    for split, size in recipe.splits.items():
        for label in _labels(generator, recipe.labels, size):
            made = recipe.make(generator, config, split, label)
            while (key := _key(made, recipe.inputs)) in seen:
                made = recipe.make(generator, config, split, label)
            seen.add(key)
            if split == wanted:
                yield made
        if split == wanted:
            return


def _key(made: Made, inputs: tuple[str, ...]) -> str:
    """Return what tells a row apart: its inputs, before a blank if they have one."""
    return json.dumps([made[name] for name in inputs]).partition(json.dumps(MASK))[0]


def _labels(generator: random.Random, labels: int, size: int) -> list[int]:
    """Return shuffled labels: two of 55 and 45 %, more of equal shares."""
    if labels == 2:
        drawn = [int(place >= 0.55 * size) for place in range(size)]
    else:
        drawn = [place % labels for place in range(size)]
    generator.shuffle(drawn)
    return drawn


def _web_query_ids(_config: str, split: str, number: int) -> Made:
    corpus = "webquery-test" if split == "test" else f"cosqa-{split}"
    return {"id": number, "idx": f"{corpus}-{number}"}


def _cloze_ids(kind: str) -> Callable[[str, str, int], Made]:
    return lambda _config, _split, number: {"id": number, "idx": f"{kind}-{number + 1}"}


LABELLED = {"train": 1000, "validation": 250, "test": 250}
WRITTEN = {"train": 300, "validation": 100, "test": 100}
RECIPES: dict[str, Recipe] = {
    "cc_clone_detection_big_clone_bench": Recipe(
        make=pairs.make_clones, inputs=("func1", "func2"), splits=LABELLED, labels=2
    ),
    "cc_clone_detection_poj104": Recipe(
        make=pairs.make_solution,
        inputs=("code",),
        splits={"train": 240, "validation": 120, "test": 240},
        labels=pairs.PROBLEMS,
    ),
    "cc_defect_detection": Recipe(
        make=pairs.make_defect, inputs=("func",), splits=LABELLED, labels=2
    ),
    "tc_nl_code_search_adv": Recipe(
        make=pairs.make_documented, inputs=("docstring",), splits=WRITTEN
    ),
    "tc_nl_code_search_web_query": Recipe(
        make=pairs.make_query,
        inputs=("doc", "code"),
        splits=LABELLED,
        labels=2,
        hidden={"label": -1},
        unlabelled=("test",),
        ids=_web_query_ids,
    ),
    "cc_cloze_testing_all": Recipe(
        make=texts.make_cloze_of_all,
        inputs=("nl_tokens", "pl_tokens"),
        splits={"train": 100},
        ids=_cloze_ids("all"),
    ),
    "cc_cloze_testing_maxmin": Recipe(
        make=texts.make_cloze_of_two,
        inputs=("nl_tokens", "pl_tokens"),
        splits={"train": 200},
        labels=2,
        ids=_cloze_ids("maxmin"),
    ),
    "cc_code_completion_token": Recipe(
        make=texts.make_file, inputs=("code",), splits=WRITTEN
    ),
    "cc_code_completion_line": Recipe(
        make=texts.make_unfinished,
        inputs=("input",),
        splits={"test": 100, "train": 100},
        hidden={"gt": ""},
        unlabelled=("train",),
    ),
    "cc_code_refinement": Recipe(
        make=texts.make_bug, inputs=("buggy",), splits=WRITTEN
    ),
    "cc_code_to_code_trans": Recipe(
        make=texts.make_translation, inputs=("java",), splits=WRITTEN
    ),
    "tc_text_to_code": Recipe(
        make=texts.make_described,
        inputs=("nl",),
        splits=WRITTEN,
        hidden={"code": ""},
        unlabelled=("test",),
    ),
    "ct_code_to_text": Recipe(
        make=texts.make_summarised, inputs=("code",), splits=WRITTEN
    ),
    "tt_text_to_text": Recipe(make=make_document, inputs=("source",), splits=WRITTEN),
}
