"""The made-up GLUE rows are real in form, repeatable, and worth learning."""

from __future__ import annotations

import functools
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, pearsonr
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from harness import DataError, Example, Task
from harness.task import Row
from harness.testing import check_task
from harness_glue.plugin import harness_tasks
from harness_glue.sample_pairs import Scene, make_pair

TASKS = {task.id: task for task in harness_tasks()}
CLASSIFIED = {name: task for name, task in TASKS.items() if task.problem.labels}
BINARY = [name for name, task in CLASSIFIED.items() if len(task.problem.labels) == 2]
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
EVERY_CLASSIFICATION = pytest.mark.parametrize(
    "task", CLASSIFIED.values(), ids=CLASSIFIED.keys()
)


def _rows(task: Task, split: str | None, seed: int = 1) -> Sequence[Row]:
    assert task.data.sample is not None
    assert split is not None
    return task.data.sample(split, seed)


def _train(task: Task) -> Sequence[Row]:
    source = TASKS[task.training_task]
    return _rows(source, source.data.train)


def _evaluate(task: Task) -> Sequence[Row]:
    return _rows(task, task.data.evaluate)


def _examples(task: Task, rows: Sequence[Row]) -> list[Example]:
    read = task.problem.read_target
    return [Example(id=str(row["idx"]), columns=row, target=read(row)) for row in rows]


def _texts(task: Task, rows: Sequence[Row]) -> list[tuple[str, ...]]:
    return [tuple(str(row[name]) for name in task.problem.columns) for row in rows]


def _labels(rows: Sequence[Row]) -> Any:
    return np.array([row["label"] for row in rows])


def _words(task: Task) -> tuple[Any, Any]:
    """Return word counts of training and evaluated rows."""
    counter = CountVectorizer(token_pattern=r"[\w-]+")
    counts = counter.fit_transform(
        " ".join(texts) for texts in _texts(task, _train(task))
    )
    evaluated = (" ".join(texts) for texts in _texts(task, _evaluate(task)))
    return counts, counter.transform(evaluated)


@functools.cache
def _bag_of_words(name: str) -> Any:
    """Return what a logistic regression over single words predicts."""
    counts, evaluated = _words(TASKS[name])
    model = LogisticRegression(C=0.3, max_iter=1000)
    model.fit(counts, _labels(_train(TASKS[name])))
    return model.predict(evaluated)


@EVERY_TASK
def test_rows_have_the_real_columns(task: Task) -> None:
    wanted = {*task.problem.columns, "label", "idx"}
    assert all(row.keys() == wanted for row in _evaluate(task))


@EVERY_TASK
def test_task_is_sound_on_its_sample(task: Task) -> None:
    check_task(task, _examples(task, _evaluate(task))[:40])


def test_same_seed_makes_the_same_rows_in_another_process() -> None:
    code = (
        "from harness_glue.plugin import harness_tasks; import hashlib; "
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
def test_another_seed_makes_other_rows(task: Task) -> None:
    assert _evaluate(task) != _rows(task, task.data.evaluate, seed=2)


@EVERY_TASK
def test_no_text_stands_twice(task: Task) -> None:
    splits = [_train(task), _evaluate(task)]
    if task.data.evaluate != "test_labelled":
        splits.append(_rows(task, task.data.submit))
    texts = [text for rows in splits for text in _texts(task, rows)]
    assert len(set(texts)) == len(texts)


@EVERY_TASK
def test_sizes_suit_a_demonstration(task: Task) -> None:
    assert len(_train(task)) == 1000
    assert len(_evaluate(task)) in (200, 250)


@EVERY_TASK
def test_submitted_rows_are_unlabelled(task: Task) -> None:
    rows = _rows(task, task.data.submit)
    assert {task.problem.read_target(row) for row in rows} == {None}


@EVERY_TASK
def test_sentences_begin_and_end_as_sentences(task: Task) -> None:
    for text in (text for texts in _texts(task, _train(task)) for text in texts):
        assert text[-1] in ".?"
        assert "  " not in text
        assert not set("{}|=") & set(text)


@EVERY_TASK
def test_sentences_vary(task: Task) -> None:
    column = next(iter(task.problem.columns))
    assert len({row[column] for row in _train(task)}) > 500


@EVERY_TASK
def test_making_a_split_is_fast(task: Task) -> None:
    _evaluate(task)  # reads the tables, once
    start = time.perf_counter()
    _rows(task, task.data.submit)
    assert time.perf_counter() - start < 0.5  # about 0.02 s; other work may run beside


@pytest.mark.parametrize("name", BINARY)
def test_majority_of_two_labels_is_45_to_60_percent(name: str) -> None:
    counts = Counter(_labels(_evaluate(TASKS[name])).tolist())
    assert 0.45 <= max(counts.values()) / counts.total() <= 0.60


@EVERY_CLASSIFICATION
def test_majority_is_60_percent_at_most_and_every_label_occurs(task: Task) -> None:
    counts = Counter(_labels(_evaluate(task)).tolist())
    assert len(counts) == len(task.problem.labels)
    assert max(counts.values()) / counts.total() <= 0.60


@EVERY_CLASSIFICATION
def test_no_single_word_separates_the_labels(task: Task) -> None:
    counts, _ = _words(task)
    present, labels = counts.toarray() > 0, _labels(_train(task))
    for word in present.T:
        sides = [Counter(labels[word].tolist()), Counter(labels[~word].tolist())]
        right = sum(max(side.values(), default=0) for side in sides)
        assert right / len(labels) <= 0.75


def test_no_single_word_gives_the_similarity_away() -> None:
    task = TASKS["glue/stsb"]
    counts, _ = _words(task)
    scores = _labels(_train(task))
    for word in counts.toarray().T:
        if word.std() > 0:
            assert abs(pearsonr(word, scores).statistic) <= 0.5


@EVERY_CLASSIFICATION
def test_bag_of_words_beats_the_majority_by_mcnemars_test(task: Task) -> None:
    right = _labels(_evaluate(task))
    hits = _bag_of_words(task.id) == right
    majority = Counter(_labels(_train(task)).tolist()).most_common(1)[0][0] == right
    won, lost = int((hits & ~majority).sum()), int((majority & ~hits).sum())
    assert won > lost
    assert binomtest(lost, won + lost).pvalue < 0.01


@EVERY_CLASSIFICATION
def test_bag_of_words_leaves_room_for_better_models(task: Task) -> None:
    hits = _bag_of_words(task.id) == _labels(_evaluate(task))
    assert hits.mean() < 0.95


def test_bag_of_words_correlates_with_the_similarity() -> None:
    task = TASKS["glue/stsb"]
    counts, evaluated = _words(task)
    model = Ridge(alpha=5).fit(counts, _labels(_train(task)))
    found = pearsonr(model.predict(evaluated), _labels(_evaluate(task)))
    assert found.pvalue < 0.01
    assert found.statistic > 0.5


def test_overlap_of_the_sentences_follows_the_similarity() -> None:
    rows = _train(TASKS["glue/stsb"])
    shared = []
    for row in rows:
        first, second = (
            set(str(row[name]).lower().split()) for name in ("sentence1", "sentence2")
        )
        shared.append(len(first & second))
    found = pearsonr(shared, _labels(rows)).statistic
    assert found > 0.3


def _toy_pairs(changes: int) -> set[tuple[str, str]]:
    """Make pairs that tell a colour in both sentences and a place in the first."""
    toy = Scene(
        first=("{colour} {place}",),
        second=("{colour}",),
        facts={
            "colour": (("red", "Red"), ("green", "Green")),
            "place": (("here", ""), ("there", "")),
        },
        changing=("colour", "place"),
        hints={},
    )
    draws = (random.Random(seed) for seed in range(20))
    return {make_pair(draw, toy, hints=(), changes=changes) for draw in draws}


def test_facts_agree_unless_one_is_changed() -> None:
    assert {(first.split()[0], second) for first, second in _toy_pairs(0)} == {
        ("Red", "Red"),
        ("Green", "Green"),
    }


def test_a_changed_fact_is_one_that_both_sentences_tell() -> None:
    assert {(first.split()[0], second) for first, second in _toy_pairs(1)} == {
        ("Red", "Green"),
        ("Green", "Red"),
    }


def test_diagnostic_test_split_is_its_labelled_split_without_labels() -> None:
    task = TASKS["glue/ax"]
    labelled, hidden = _rows(task, "test_labelled"), _rows(task, "test")
    assert _texts(task, labelled) == _texts(task, hidden)


def test_mismatched_rows_are_about_other_things() -> None:
    matched, other = TASKS["glue/mnli/matched"], TASKS["glue/mnli/mismatched"]
    premises = [{str(row["premise"]) for row in _evaluate(t)} for t in (matched, other)]
    assert any("nurse" in text for text in premises[0])
    assert not any("nurse" in text for text in premises[1])


def test_unknown_split_is_refused_by_name() -> None:
    with pytest.raises(DataError) as error:
        _rows(TASKS["glue/sst2"], "validation_matched")
    assert str(error.value) == (
        "the sample of GLUE sst2 has no split 'validation_matched', expected one of "
        "train, validation, test: choose one of these"
    )


def test_rows_and_samples_load_nothing_heavy() -> None:
    code = (
        "import sys; from harness_glue.plugin import harness_tasks; "
        "[t.data.sample(t.data.evaluate, 1) for t in harness_tasks()]; "
        "heavy = {'numpy', 'torch', 'pandas', 'datasets', 'transformers', 'yaml'}; "
        "sys.exit(len(heavy & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
