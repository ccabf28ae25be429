"""The SuperGLUE rows as the paper and the Hub data set have them."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import harness
from harness import (
    Benchmark,
    Classification,
    DataError,
    Example,
    MultipleChoice,
    Prediction,
    Task,
)
from harness.data import load_split, open_source
from harness.official import average_row
from harness.plugins import load_plugins
from harness.requests import JsonValue
from harness.stats import score
from harness.task import matches, parse_spec
from harness_superglue.official import COLUMNS
from harness_superglue.plugin import harness_benchmarks, harness_tasks
from harness_superglue.record import most_alike
from harness_superglue.rows import pair_of
from tests.places import SHARED

TASKS = {task.id: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())


@functools.cache
def metric(spec: str, labels: tuple[str, ...]) -> Any:
    return load_plugins().metric(spec, labels)


def benchmark() -> Benchmark:
    (found,) = harness_benchmarks()
    return found


def splits() -> list[tuple[str, str]]:
    """Return every task and split that the shared folder has."""
    return [
        (task.id, path.stem)
        for task in TASKS.values()
        for path in sorted((SHARED / "data" / task.data.folder).glob("*.parquet"))
    ]


@functools.cache
def shared(task_id: str, split: str) -> tuple[Example, ...]:
    source = open_source(str(SHARED / "data"), load_plugins().data_sources)
    return tuple(load_split(TASKS[task_id], source, split))


def perfect_scores(task: Task, examples: tuple[Example, ...]) -> dict[str, float]:
    said = [
        Prediction(id=e.id, value=value)
        for e, value in zip(examples, task.problem.perfect(examples), strict=True)
    ]
    found = {}
    for spec in task.metrics:
        own = metric(spec, task.problem.labels)
        found[spec] = score(own, own.statistics(said, list(examples)))
    return found


def test_ten_tasks_are_registered() -> None:
    assert len(TASKS) == 10
    assert all(matches("superglue", task) for task in TASKS)


def test_the_benchmark_shows_every_task() -> None:
    assert benchmark().tasks == tuple(TASKS)


def test_diagnostic_sets_do_not_count() -> None:
    counting = {task for group in benchmark().groups for task in group}
    assert TASKS.keys() - counting == {"superglue/axb", "superglue/axg"}


def test_an_incomplete_row_has_no_aggregate() -> None:
    scores = dict.fromkeys(TASKS, 50.0)
    assert benchmark().aggregate(scores) == 50
    del scores["superglue/wsc"]
    assert benchmark().aggregate(scores) is None


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("boolq", ["accuracy"]),
        ("cb", ["accuracy", "macro_f1"]),
        ("copa", ["accuracy"]),
        ("multirc", ["question_f1", "question_exact_match"]),
        ("record", ["squad_f1", "squad_exact_match"]),
        ("rte", ["accuracy"]),
        ("wic", ["accuracy"]),
        ("wsc", ["accuracy"]),
        ("axb", ["matthews"]),
        ("axg", ["accuracy", "pair_parity"]),
    ],
)
def test_metrics_are_those_of_the_paper(task: str, names: list[str]) -> None:
    # Wang et al. (2019), table 1; section 3.4 for the diagnostic sets
    row = TASKS[f"superglue/{task}"]
    assert [parse_spec(spec)[0] for spec in row.metrics] == names


@pytest.mark.parametrize("task", ["superglue/axb", "superglue/axg"])
def test_diagnostic_sets_are_trained_on_rte(task: str) -> None:
    assert TASKS[task].training_task == "superglue/rte"
    assert TASKS[task].problem.labels == TASKS["superglue/rte"].problem.labels


@pytest.mark.parametrize(("task", "split"), splits())
def test_every_shared_row_is_read(task: str, split: str) -> None:
    examples = shared(task, split)
    assert len({example.id for example in examples}) == len(examples)
    assert all((e.target is None) == (examples[0].target is None) for e in examples)


@pytest.mark.parametrize(
    ("task", "split", "counts"),
    [
        ("cb", "train", {"entailment": 115, "contradiction": 119, "neutral": 16}),
        ("cb", "validation", {"entailment": 23, "contradiction": 28, "neutral": 5}),
        ("copa", "validation", {"choice1": 55, "choice2": 45}),
        ("rte", "validation", {"entailment": 146, "not_entailment": 131}),
        ("wic", "train", {"True": 2714, "False": 2714}),
        ("wsc", "validation", {"False": 66, "True": 38}),
        ("axg", "test", {"entailment": 178, "not_entailment": 178}),
    ],
)
def test_labels_are_counted_as_published(
    task: str, split: str, counts: Mapping[str, int]
) -> None:
    # label_distribution in the manifest of the shared folder, by number
    if (f"superglue/{task}", split) not in splits():
        pytest.skip("needs the shared folder")
    found = Counter(str(e.target) for e in shared(f"superglue/{task}", split))
    assert found == counts


@pytest.mark.parametrize(
    ("task", "split"), [pair for pair in splits() if pair[1] != "train"]
)
def test_the_right_answers_score_perfectly(task: str, split: str) -> None:
    examples = shared(task, split)
    if examples[0].target is None:
        pytest.skip("has no labels")
    assert set(perfect_scores(TASKS[task], examples).values()) == {1.0}


def test_answers_belong_to_their_question() -> None:
    if ("superglue/multirc", "validation") not in splits():
        pytest.skip("needs the shared folder")
    examples = shared("superglue/multirc", "validation")
    first = examples[0]
    assert (first.id, first.group) == ("0-0-0", "0-0")
    assert len({example.group for example in examples}) == 757


def test_a_query_has_entities_and_several_answers() -> None:
    if ("superglue/record", "train") not in splits():
        pytest.skip("needs the shared folder")
    examples = shared("superglue/record", "train")
    problem = TASKS["superglue/record"].problem
    assert isinstance(problem, MultipleChoice)
    for example in examples:
        assert isinstance(example.target, list)
        assert set(example.target) & set(problem.candidates(example.columns))
    assert any(isinstance(e.target, list) and len(e.target) > 1 for e in examples)


def test_the_simplest_entity_is_most_like_the_others() -> None:
    row: Any = {"entities": ["Ann Lee", "Bob Lee", "Lee", "Paris"]}
    assert most_alike(row) == "Lee"


def test_the_majority_of_wsc_is_right_for_66_of_104() -> None:
    # label_distribution in the manifest of the shared folder
    if ("superglue/wsc", "validation") not in splits():
        pytest.skip("needs the shared folder")
    task = TASKS["superglue/wsc"]
    examples = shared(task.id, "validation")
    learnt = [e.target for e in shared(task.id, "train")]
    said = task.problem.majority(examples, learnt)
    hits = [value == e.target for value, e in zip(said, examples, strict=True)]
    assert sum(hits) == 66


@EVERY_TASK
def test_a_source_is_cited(task: Task) -> None:
    assert "(" in task.source


def test_choices_have_a_head_of_their_own() -> None:
    heads = {task.id: task.formulations()[0].head.kind for task in TASKS.values()}
    assert [name for name, kind in heads.items() if kind == "choose"] == [
        "superglue/copa",
        "superglue/record",
    ]


def test_the_word_is_in_what_a_head_reads() -> None:
    problem = TASKS["superglue/wic"].problem
    assert isinstance(problem, Classification)
    assert problem.texts[0] == "{word}: {sentence1}"


def test_published_averages_are_reproduced() -> None:
    cases = sorted((SHARED / "golden" / "superglue").glob("average-*.json"))
    if not cases:
        pytest.skip("needs the shared folder")
    for path in cases:
        case = json.loads(path.read_text())
        ours = average_row(benchmark(), COLUMNS, case["inputs"])
        for key, value in case["expected"].items():
            assert ours[key] == pytest.approx(value, abs=case["tolerance"][key])


def test_a_limit_keeps_the_pairs_of_the_winogender_set_whole(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    found = harness.run(
        ["oracle:"], ["superglue/axg"], data="sample", limit=21, store=store
    )
    units = {score.metric: score.units for score in found.cells[0].scores}
    assert units == {"accuracy": 20, "pair_parity": 10}


@pytest.mark.parametrize("idx", ["7", -1, None])
def test_a_row_of_no_pair_is_refused(idx: JsonValue) -> None:
    with pytest.raises(DataError) as error:
        pair_of({"idx": idx})
    assert str(error.value) == (
        f"the idx of AX-g's row is {idx!r}, expected 2n and 2n + 1 for the two of a "
        "pair: correct the row"
    )


def test_a_limit_asks_whole_questions_and_says_how_many_answers(tmp_path: Path) -> None:
    task, store = "superglue/multirc", tmp_path / "store.sqlite"
    found = harness.run(["oracle:"], [task], data="sample", limit=25, store=store)
    (cell,) = found.cells
    source = open_source("sample", load_plugins().data_sources)
    split = load_split(TASKS[task], source, "validation")
    asked = split.sample(25, seed=1)
    groups = {example.group for example in asked}
    assert asked == [example for example in split if example.group in groups]
    assert cell.caveats.limit == len(asked) <= 25
