"""The blanks of GLUE, SuperGLUE and IMDB are worded as LM-BFF and PET publish them.

LM-BFF: the templates and mappings of run_experiment.sh in princeton-nlp/LM-BFF, read by
its src/dataset.py (``sent-_0`` loses a character, ``+sentl_1`` has a space before and
begins in lower case). PET: pet/pvp.py in timoschick/pet, parts joined by a space.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness import Example, Task
from harness.data import load_split, open_source
from harness.formulations import Formulation
from harness.plugins import load_plugins
from harness.requests import Fill
from harness_glue.plugin import harness_tasks as glue_tasks
from harness_superglue.plugin import harness_tasks as superglue_tasks
from harness_text.plugin import harness_tasks as text_tasks
from tests.places import SHARED

TASKS = {task.id: task for task in (*glue_tasks(), *superglue_tasks(), *text_tasks())}
CLOZED = [name for name, task in TASKS.items() if "cloze" in task.prompts]
PAIR = {"premise": "He ran.", "hypothesis": "He moved."}
SENTENCES = {"sentence1": "He ran.", "sentence2": "He moved."}
QUESTIONS = {"question1": "Why is it?", "question2": "Is it?"}
PASSAGE = "Ann met Bob.\n@highlight\nAnn won\n@highlight\nBob lost"
COPA = {"premise": "It rained.", "choice1": "I got wet!", "choice2": "Tom's dog sang."}
THREE = ("Yes", "Maybe", "No")
WORDED: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    (
        "glue/cola",
        {"sentence": "He run."},
        "He run. This is {blank}.",
        ("incorrect", "correct"),
    ),
    (
        "glue/sst2",
        {"sentence": "a journey . "},
        "a journey .  It was {blank}.",
        ("terrible", "great"),
    ),
    ("glue/mrpc", SENTENCES, "He ran. {blank}, he moved.", ("No", "Yes")),
    ("glue/qqp", QUESTIONS, "Why is it? {blank}, is it?", ("No", "Yes")),
    ("glue/mnli/matched", PAIR, "He ran? {blank}, he moved.", THREE),
    ("glue/mnli/mismatched", PAIR, "He ran? {blank}, he moved.", THREE),
    ("glue/ax", PAIR, "He ran? {blank}, he moved.", THREE),
    (
        "glue/qnli",
        {"question": "Who ran?", "sentence": "He did."},
        "Who ran? {blank}, he did.",
        ("Yes", "No"),
    ),
    ("glue/rte", SENTENCES, "He ran? {blank}, he moved.", ("Yes", "No")),
    ("glue/wnli", SENTENCES, "He ran? {blank}, he moved.", ("No", "Yes")),
    (
        "superglue/boolq",
        {"passage": "Ice is cold.", "question": "is ice cold"},
        "Ice is cold. . Question: is ice cold ? Answer: {blank} .",
        ("No", "Yes"),
    ),
    (
        "superglue/cb",
        PAIR,
        "He ran. question: He moved. true, false or neither? answer: {blank}",
        ("true", "false", "neither"),
    ),
    (
        "superglue/copa",
        {**COPA, "question": "effect"},
        '" i got wet " or " tom\'s dog sang "? It rained , so {blank} .',
        ("i got wet", "tom's dog sang"),
    ),
    (
        "superglue/copa",
        {**COPA, "question": "cause"},
        '" i got wet " or " tom\'s dog sang "? It rained because {blank} .',
        ("i got wet", "tom's dog sang"),
    ),
    (
        "superglue/multirc",
        {"paragraph": "Ann ran.", "question": "Who?", "answer": "Ann"},
        "Ann ran. . Question: Who? ? Is it Ann ? {blank} .",
        ("No", "Yes"),
    ),
    (
        "superglue/record",
        {"passage": PASSAGE, "query": "So @placeholder won.", "entities": ["Al", "Bo"]},
        "Ann met Bob.\n- Ann won\n- Bob lost So {blank} won.",
        ("Al", "Bo"),
    ),
    *(
        (
            name,
            pair,
            "He ran. question: He moved. True or False? answer: {blank}",
            ("true", "false"),
        )
        for name, pair in (
            ("superglue/rte", PAIR),
            ("superglue/axb", SENTENCES),
            ("superglue/axg", PAIR),
        )
    ),
    (
        "superglue/wic",
        {"word": "bank", "sentence1": "It shut.", "sentence2": "A bank."},
        '" It shut. " / " A bank. " Similar sense of "bank"? {blank} .',
        ("No", "Yes"),
    ),
    (
        "text/imdb",
        {"text": "Fine film."},
        "Fine film. It was {blank}.",
        ("terrible", "great"),
    ),
]


def filling(task: Task) -> Formulation:
    (way,) = [way for way in task.formulations() if way.name == "cloze"]
    return way


@pytest.mark.parametrize(("name", "row", "text", "words"), WORDED)
def test_the_blank_is_worded_as_published(
    name: str, row: dict[str, Any], text: str, words: tuple[str, ...]
) -> None:
    asked = filling(TASKS[name]).requests(Example(id="1", columns=row, target=None))
    assert asked == (Fill(text=text, candidates=words),)


def test_every_row_with_a_blank_is_compared() -> None:
    assert {name for name, *_ in WORDED} == set(CLOZED)


def test_what_no_word_stands_for_has_no_blank() -> None:
    # a number, and the noun that PET writes for WSC
    suites = ("glue/", "superglue/")
    without = {n for n in TASKS if n.startswith(suites)}.difference(CLOZED)
    assert without == {"glue/stsb", "superglue/wsc"}


@pytest.mark.parametrize("name", CLOZED)
def test_a_blank_says_where_it_comes_from(name: str) -> None:
    source = TASKS[name].prompts["cloze"].source
    assert source.startswith(("Gao et al.", "Schick and Schütze"))


def shared_rows(name: str) -> Iterator[Example]:
    task = TASKS[name]
    folder = SHARED / "data" / task.data.folder
    splits = [task.data.evaluate, task.data.train]
    split = next((s for s in splits if (folder / f"{s}.parquet").exists()), None)
    if split is None:
        pytest.skip("needs the shared folder's data")
    source = open_source(str(SHARED / "data"), load_plugins().data_sources)
    yield from load_split(task, source, split)


@pytest.mark.parametrize("name", CLOZED)
def test_every_real_row_has_one_blank_and_words_that_differ(name: str) -> None:
    way = filling(TASKS[name])
    for example in shared_rows(name):
        (asked,) = way.requests(example)
        assert isinstance(asked, Fill)
        assert asked.text.count("{blank}") == 1
        assert len(set(asked.candidates)) == len(asked.candidates) > 1
