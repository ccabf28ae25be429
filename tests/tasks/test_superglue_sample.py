"""The made-up SuperGLUE rows are real in form, repeatable, and worth learning."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from harness import DataError, Example, MultipleChoice, Row, Task
from harness.task import pick
from harness.testing import check_task
from harness_superglue.plugin import harness_tasks

TASKS = {task.id.partition("/")[2]: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("name", TASKS)
LABELLED = [name for name, task in TASKS.items() if task.problem.labels]
COLUMNS = {
    "boolq": {"question", "passage"},
    "cb": {"premise", "hypothesis"},
    "copa": {"premise", "choice1", "choice2", "question"},
    "multirc": {"paragraph", "question", "answer"},
    "record": {"passage", "query", "entities", "entity_spans", "answers"},
    "rte": {"premise", "hypothesis"},
    "wic": {"word", "sentence1", "sentence2", "start1", "start2", "end1", "end2"},
    "wsc": {"text", "span1_index", "span2_index", "span1_text", "span2_text"},
    "axb": {"sentence1", "sentence2"},
    "axg": {"premise", "hypothesis"},
}
"""Columns of the Hub's data set, beside idx and (but for ReCoRD) label."""


@functools.cache
def rows(name: str, split: str | None, seed: int = 1) -> Sequence[Row]:
    sample = TASKS[name].data.sample
    assert sample is not None
    assert split is not None
    return sample(split, seed)


def train(name: str) -> Sequence[Row]:
    source = TASKS[name].training_task.partition("/")[2]
    return rows(source, TASKS[source].data.train)


def evaluate(name: str) -> Sequence[Row]:
    return rows(name, TASKS[name].data.evaluate)


def identify(task: Task, row: Row) -> str:
    columns = task.data.id_column
    paths = (columns,) if isinstance(columns, str) else columns or ()
    return "-".join(str(pick(row, path)) for path in paths)


def examples(name: str) -> list[Example]:
    task = TASKS[name]
    return [
        Example(
            id=identify(task, row),
            columns=row,
            target=task.problem.read_target(row),
        )
        for row in evaluate(name)
    ]


def inputs(name: str, given: Sequence[Row]) -> list[str]:
    hidden = {"idx", TASKS[name].problem.target_column}
    return [str({k: v for k, v in row.items() if k not in hidden}) for row in given]


def right_texts(name: str, row: Row) -> tuple[list[str], list[int]]:
    """Return texts to tell apart by single words, with what each is."""
    task = TASKS[name]
    target = task.problem.read_target(row)
    if not isinstance(task.problem, MultipleChoice):
        texts = [str(v) for v in row.values() if isinstance(v, str)]
        return [" ".join(texts)], [list(task.problem.labels).index(str(target))]
    offered = task.problem.candidates(row)
    worded = [str(row.get(candidate, candidate)) for candidate in offered]
    wanted = target if isinstance(target, list) else [target]
    return worded, [int(candidate in wanted) for candidate in offered]


def words(name: str, given: Sequence[Row]) -> tuple[list[str], Any]:
    pairs = [right_texts(name, row) for row in given]
    texts = [text for texts, _ in pairs for text in texts]
    return texts, np.array([kind for _, kinds in pairs for kind in kinds])


@EVERY_TASK
def test_rows_have_the_columns_of_the_hub(name: str) -> None:
    wanted = COLUMNS[name] | {"idx", TASKS[name].problem.target_column}
    assert all(row.keys() == wanted for row in evaluate(name))


@EVERY_TASK
def test_the_task_is_sound_on_its_sample(name: str) -> None:
    check_task(TASKS[name], examples(name)[:60])


def test_the_same_seed_makes_the_same_rows_in_another_process() -> None:
    code = (
        "from harness_superglue.plugin import harness_tasks; import hashlib; "
        "rows = [t.data.sample(t.data.evaluate, 1) for t in harness_tasks()]; "
        "print(hashlib.sha256(repr(rows).encode()).hexdigest())"
    )
    runs = {
        subprocess.check_output(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}
        )
        for seed in ("1", "2")
    }
    assert len(runs) == 1


@EVERY_TASK
def test_another_seed_makes_other_rows(name: str) -> None:
    assert evaluate(name) != rows(name, TASKS[name].data.evaluate, 2)


@EVERY_TASK
def test_splits_share_no_row(name: str) -> None:
    data = TASKS[name].data
    splits = dict.fromkeys(filter(None, (data.train, data.evaluate, data.submit)))
    texts = [text for split in splits for text in inputs(name, rows(name, split))]
    assert len(set(texts)) == len(texts)


@EVERY_TASK
def test_sizes_suit_a_demonstration(name: str) -> None:
    assert len(train(name)) == 1000
    assert 200 <= len(evaluate(name)) <= 330


@pytest.mark.parametrize("name", LABELLED)
def test_the_majority_is_half_or_a_bit_more(name: str) -> None:
    counts = Counter(str(e.target) for e in examples(name))
    assert 0.45 <= counts.most_common(1)[0][1] / counts.total() <= 0.6


@EVERY_TASK
def test_submitted_rows_are_unlabelled(name: str) -> None:
    task = TASKS[name]
    if task.data.train is not None:  # the diagnostic sets are public
        hidden = {task.problem.read_target(row) for row in rows(name, "test")}
        assert hidden == {None}


@EVERY_TASK
def test_no_single_word_gives_a_label_away(name: str) -> None:
    texts, kinds = words(TASKS[name].training_task.partition("/")[2], train(name))
    counter = CountVectorizer(binary=True, token_pattern=r"[\w-]+")
    has = counter.fit_transform(texts).toarray()
    frequent = has.sum(axis=0) >= 30
    for kind in set(kinds):
        shares = has[kinds == kind].sum(axis=0)[frequent] / has.sum(axis=0)[frequent]
        assert shares.max() < 0.97


@EVERY_TASK
def test_words_together_tell_more_than_the_majority(name: str) -> None:
    source = TASKS[name].training_task.partition("/")[2]
    texts, kinds = words(source, train(name))
    counter = CountVectorizer(token_pattern=r"[\w-]+")
    model = LogisticRegression(C=0.3, max_iter=1000)
    model.fit(counter.fit_transform(texts), kinds)
    asked, right = words(name, evaluate(name))
    accuracy = model.score(counter.transform(asked), right)
    assert accuracy > np.bincount(right).max() / len(right) + 0.08


def test_answers_of_a_question_are_judged_apart() -> None:
    by_question: dict[str, set[Any]] = {}
    for row in evaluate("multirc"):
        idx = row["idx"]
        assert isinstance(idx, Mapping)
        key = f"{idx['paragraph']}-{idx['question']}"
        by_question.setdefault(key, set()).add(row["label"])
    assert all(labels == {0, 1} for labels in by_question.values())


def test_spans_are_where_the_rows_say() -> None:
    for row in evaluate("wsc"):
        told = str(row["text"]).split(" ")
        for span in ("span1", "span2"):
            text, start = str(row[f"{span}_text"]), row[f"{span}_index"]
            assert isinstance(start, int)
            assert " ".join(told[start : start + len(text.split())]) == text


def test_the_word_is_where_the_rows_say() -> None:
    for row in evaluate("wic"):
        for which in ("1", "2"):
            start, end = row[f"start{which}"], row[f"end{which}"]
            assert isinstance(start, int)
            assert isinstance(end, int)
            assert str(row[f"sentence{which}"])[start:end] == row["word"]


def test_pairs_of_ax_g_differ_in_the_pronoun_alone() -> None:
    given = evaluate("axg")
    for one, other in zip(given[::2], given[1::2], strict=True):
        assert one["hypothesis"] == other["hypothesis"]
        assert str(one["premise"]).replace(" he ", " she ") == other["premise"]


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(
        DataError, match="SuperGLUE copa has no split 'dev', expected o"
    ):
        rows("copa", "dev")
