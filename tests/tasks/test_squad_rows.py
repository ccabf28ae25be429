"""The SQuAD rows, and the stored systems' scores through them."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from harness import Example, Prediction, Task
from harness.builtin import harness_metrics
from harness.formulations import ExtractHead
from harness.metric import Metric
from harness.stats import score
from harness.task import parse_spec
from harness.testing import check_task
from harness_squad.plugin import harness_benchmarks
from harness_squad.rows import TASKS as ROWS
from tests.places import SHARED

TASKS = {task.id: task for task in ROWS}
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
METRICS = {entry.name: entry for entry in harness_metrics()}
SCORES = SHARED / "data" / "squad" / "reference_scores.json"
KEYS = {
    "squad/v1": {"exact_match": "squad_exact_match", "f1": "squad_f1"},
    "squad/v2": {"exact": "squad2_exact", "f1": "squad2_f1"},
}


def metric(spec: str) -> Metric:
    name, options = parse_spec(spec)
    return METRICS[name].make((), options)


def sampled(task: Task) -> list[Example]:
    assert task.data.sample is not None
    return [
        Example(id=str(row["id"]), columns=row, target=task.problem.read_target(row))
        for row in task.data.sample(task.data.evaluate, 1)
    ]


def test_both_versions_are_registered() -> None:
    assert list(TASKS) == ["squad/v1", "squad/v2"]


def test_no_mean_of_the_versions_is_official() -> None:
    benchmark = harness_benchmarks()[0]
    assert benchmark.tasks == tuple(TASKS)
    assert benchmark.aggregate(dict.fromkeys(TASKS, 90.0)) is None


@EVERY_TASK
def test_every_metric_is_registered(task: Task) -> None:
    names = {metric(spec).name for spec in task.metrics}
    assert names <= METRICS.keys()


@EVERY_TASK
def test_the_task_keeps_the_contract(task: Task) -> None:
    check_task(task, sampled(task))


@EVERY_TASK
def test_the_head_comes_first_and_prompts_follow(task: Task) -> None:
    first, *others = task.formulations()
    assert isinstance(first, ExtractHead)
    assert [way.name for way in others] == ["generate"] * 3
    assert [way.prompt for way in others] == list(task.prompts)


@EVERY_TASK
def test_the_oracle_is_perfect(task: Task) -> None:
    examples = sampled(task)
    predictions = [
        Prediction(id=e.id, value=value)
        for e, value in zip(examples, task.problem.perfect(examples), strict=True)
    ]
    for spec in task.metrics:
        if "best" not in spec:
            rows = metric(spec).statistics(predictions, examples)
            assert score(metric(spec), rows) == 1, spec


def stored_systems() -> list[tuple[str, str, dict[str, Any]]]:
    if not SCORES.is_file():
        return []
    scores = json.loads(SCORES.read_text(encoding="utf-8"))["scores"]
    folders = {task.data.folder: task.id for task in TASKS.values()}
    return [
        (folders[f"squad/{folder}"], system, known)
        for folder, systems in scores.items()
        for system, known in systems.items()
    ]


@pytest.mark.slow
@pytest.mark.skipif(not SCORES.is_file(), reason=f"no shared data at {SCORES}")
@pytest.mark.parametrize(("task", "system", "known"), stored_systems())
def test_stored_systems_have_their_known_scores(
    task: str, system: str, known: dict[str, Any]
) -> None:
    folder = SHARED / "data" / TASKS[task].data.folder
    rows = pd.read_parquet(folder / "validation.parquet")
    stored = pd.read_parquet(folder / "predictions.parquet")
    own = stored[stored.model == system]
    said = dict(zip(own.id, own.prediction_text, strict=True))
    examples = [
        Example(id=key, columns={}, target=list(answers["text"]) or [""])
        for key, answers in zip(rows.id, rows.answers, strict=True)
    ]
    predictions = [Prediction(id=e.id, value=said.get(e.id)) for e in examples]
    for key, name in KEYS[task].items():
        found = score(metric(name), metric(name).statistics(predictions, examples))
        assert 100 * found == pytest.approx(known[key], abs=5e-4)


@pytest.mark.slow
@pytest.mark.skipif(not SCORES.is_file(), reason=f"no shared data at {SCORES}")
@EVERY_TASK
def test_every_real_answer_stands_where_the_data_says(task: Task) -> None:
    folder = SHARED / "data" / task.data.folder
    rows = pd.read_parquet(folder / "validation.parquet")
    for context, answers in zip(rows.context, rows.answers, strict=True):
        for text, start in zip(answers["text"], answers["answer_start"], strict=True):
            assert context.startswith(text, start)
