"""The made-up CodeXGLUE rows are real in form, repeatable, and worth learning."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from harness import Blank, Classification, DataError, Example, Row, Task
from harness.testing import check_task
from harness_codexglue.plugin import harness_tasks
from harness_codexglue.sample_programs import KINDS, draw_program, with_number
from tests.places import SHARED

TASKS = {task.id: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
CLASSIFIED = [
    name for name, t in TASKS.items() if isinstance(t.problem, Classification)
]
# grammar packages by language, and the root of a whole text without mistakes
GRAMMARS = ("java", "c_sharp", "python", "javascript", "go", "php", "ruby")


def _rows(task: Task, split: str | None, seed: int = 1) -> Sequence[Row]:
    assert task.data.sample is not None
    assert split is not None
    return task.data.sample(split, seed)


def _splits(task: Task) -> list[str]:
    data = task.data
    return [*filter(None, dict.fromkeys((data.train, data.evaluate, data.submit)))]


def _examples(task: Task, rows: Sequence[Row]) -> list[Example]:
    read, name = task.problem.read_target, str(task.data.id_column)
    return [Example(id=str(row[name]), columns=row, target=read(row)) for row in rows]


def _inputs(task: Task, rows: Sequence[Row]) -> list[str]:
    return [repr([row[name] for name in task.problem.columns]) for row in rows]


@EVERY_TASK
def test_task_is_sound_on_its_sample(task: Task) -> None:
    count = 8 if "cloze-all" in task.id else 40  # with 930 candidates each
    check_task(task, _examples(task, _rows(task, task.data.evaluate))[:count])


@EVERY_TASK
def test_no_input_stands_twice(task: Task) -> None:
    inputs = [i for split in _splits(task) for i in _inputs(task, _rows(task, split))]
    assert len(set(inputs)) == len(inputs)


@EVERY_TASK
def test_sizes_suit_a_demonstration(task: Task) -> None:
    assert all(100 <= len(_rows(task, split)) <= 1000 for split in _splits(task))


@EVERY_TASK
def test_another_seed_makes_other_rows(task: Task) -> None:
    evaluate = task.data.evaluate
    assert _rows(task, evaluate) != _rows(task, evaluate, seed=2)


@pytest.mark.slow
def test_same_seed_makes_the_same_rows_in_another_process() -> None:
    code = (
        "from harness_codexglue.plugin import harness_tasks; import hashlib; "
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
def test_columns_are_those_of_the_data_set(task: Task) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    folder = SHARED / "data" / task.data.folder
    path = folder / f"{task.data.evaluate}.parquet"
    if not path.exists():
        pytest.skip(f"../shared/data has no {task.data.evaluate} of {task.id}")
    made = set(_rows(task, task.data.evaluate)[0])
    real = {*parquet.read_schema(path).names}
    assert made - real == ({"answer"} if isinstance(task.problem, Blank) else set())
    assert real <= made


@pytest.mark.parametrize("name", CLASSIFIED)
def test_majority_of_two_labels_is_45_to_60_percent(name: str) -> None:
    task = TASKS[name]
    read = task.problem.read_target
    counts = Counter(read(row) for row in _rows(task, task.data.evaluate))
    assert 0.45 <= max(counts.values()) / counts.total() <= 0.60


@pytest.mark.parametrize("name", CLASSIFIED)
def test_no_single_word_separates_the_labels(name: str) -> None:
    texts, labels = _texts_and_labels(TASKS[name], "train")
    present = CountVectorizer(token_pattern=r"\w+").fit_transform(texts).toarray() > 0
    for word in present.T:
        sides = [Counter(labels[word].tolist()), Counter(labels[~word].tolist())]
        right = sum(max(side.values(), default=0) for side in sides)
        assert right / len(labels) <= 0.75


@pytest.mark.parametrize("name", CLASSIFIED)
def test_bag_of_words_beats_the_majority_by_mcnemars_test(name: str) -> None:
    task = TASKS[name]
    texts, labels = _texts_and_labels(task, "train")
    asked, right = _texts_and_labels(task, task.data.evaluate)
    counter = CountVectorizer(token_pattern=r"\w+")
    model = LogisticRegression(C=0.3, max_iter=1000)
    model.fit(counter.fit_transform(texts), labels)
    hits = model.predict(counter.transform(asked)) == right
    majority = Counter(labels.tolist()).most_common(1)[0][0] == right
    won, lost = int((hits & ~majority).sum()), int((majority & ~hits).sum())
    assert won > lost
    assert binomtest(lost, won + lost).pvalue < 0.01
    assert hits.mean() < 0.97


def _texts_and_labels(task: Task, split: str | None) -> tuple[list[str], Any]:
    rows = _rows(task, split)
    read = task.problem.read_target
    return _inputs(task, rows), np.array([read(row) for row in rows])


@pytest.mark.parametrize("language", GRAMMARS)
def test_made_up_programs_parse_without_mistakes(language: str) -> None:
    tree_sitter: Any = pytest.importorskip("tree_sitter")
    grammar: Any = pytest.importorskip(f"tree_sitter_{language}")
    make = grammar.language_php if language == "php" else grammar.language
    parser = tree_sitter.Parser(tree_sitter.Language(make()))
    generator = random.Random(1)
    for kind in KINDS:
        program = draw_program(generator, kind)
        for one in (program, with_number(program, generator)):
            code = one.write("cs" if language == "c_sharp" else language)
            whole = _within_a_file(code, language)
            assert not parser.parse(whole.encode()).root_node.has_error, whole


def _within_a_file(code: str, language: str) -> str:
    if language in ("java", "c_sharp"):
        return f"class Made {{ {code} }}"
    if language == "php":
        return f"<?php class Made {{ {code} }}"
    return f"package made\n{code}" if language == "go" else code


def test_python_programs_compute_what_their_kind_says() -> None:
    found = {}
    for kind in KINDS:
        program = draw_program(random.Random(1), kind)
        scope: dict[str, Any] = {}
        exec(program.write("python"), scope)
        (function,) = (v for k, v in scope.items() if not k.startswith("__"))
        found[kind.verb] = function([1, 5, 9], 4)
    assert found == {
        "sum": 15,
        "count": 2,
        "tally": 1,
        "largest": 9,
        "smallest": 1,
        "gather": 14,
        "multiply": 45,
        "find": -1,
        "subtract": -15,
        "scale": 60,
    }


def test_a_fixed_method_differs_from_its_buggy_one_in_a_token() -> None:
    for row in _rows(TASKS["codexglue/code-repair/small"], "test"):
        pairs = zip(str(row["buggy"]).split(), str(row["fixed"]).split(), strict=False)
        assert sum(a != b for a, b in pairs) >= 1


def test_problems_of_one_split_are_not_those_of_another() -> None:
    task = TASKS["codexglue/clone-detection/poj104"]
    labels = [{row["label"] for row in _rows(task, s)} for s in ("train", "test")]
    assert [len(each) for each in labels] == [12, 12]
    assert labels[0].isdisjoint(labels[1])


def test_unknown_split_is_refused_by_name() -> None:
    with pytest.raises(DataError) as error:
        _rows(TASKS["codexglue/cloze-all/go"], "test")
    assert str(error.value) == (
        "the sample of CodeXGLUE cc_cloze_testing_all has no split 'test', expected one "
        "of train: choose one of these"
    )


@pytest.mark.slow
def test_rows_and_samples_load_nothing_heavy() -> None:
    code = (
        "import sys; from harness_codexglue.plugin import harness_tasks; "
        "[t.data.sample(t.data.evaluate, 1) for t in harness_tasks()]; "
        "heavy = {'numpy', 'torch', 'pandas', 'datasets', 'transformers', 'yaml'}; "
        "sys.exit(len(heavy & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
