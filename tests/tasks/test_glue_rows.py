"""The GLUE rows as the paper and the Hub data set have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import Benchmark, Regression, Task
from harness.builtin import harness_metrics
from harness.task import matches, parse_spec
from harness_glue.plugin import harness_benchmarks, harness_tasks
from tests.places import SHARED

TASKS = {task.id: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
METRICS = {entry.name: entry for entry in harness_metrics()}
# names of the columns of published leaderboards
PUBLISHED = {
    "CoLA": "glue/cola",
    "SST-2": "glue/sst2",
    "MRPC": "glue/mrpc",
    "STS-B": "glue/stsb",
    "QQP": "glue/qqp",
    "MNLI-m": "glue/mnli/matched",
    "MNLI-mm": "glue/mnli/mismatched",
    "QNLI": "glue/qnli",
    "RTE": "glue/rte",
    "WNLI": "glue/wnli",
}


def _benchmark() -> Benchmark:
    (benchmark,) = harness_benchmarks()
    return benchmark


def _published_averages() -> list[Path]:
    return sorted((SHARED / "golden" / "glue").glob("average-*.json"))


def _splits() -> list[tuple[Task, Path]]:
    """Return every split of every task that the shared folder has."""
    found = []
    for task in TASKS.values():
        folder = SHARED / "data" / task.data.folder
        for split in (task.data.train, task.data.evaluate, task.data.submit):
            path = folder / f"{split}.parquet"
            found += [(task, path)] if path.exists() else []
    return found


def test_eleven_tasks_are_registered() -> None:
    assert len(TASKS) == 11
    assert all(matches("glue", task) for task in TASKS)


def test_benchmark_shows_every_task() -> None:
    assert _benchmark().tasks == tuple(TASKS)


def test_diagnostic_set_does_not_count() -> None:
    counting = {task for group in _benchmark().groups for task in group}
    assert TASKS.keys() - counting == {"glue/ax"}


def test_aggregate_counts_mnli_once() -> None:
    scores = dict.fromkeys(TASKS, 50.0)
    scores |= {"glue/mnli/matched": 90.0, "glue/mnli/mismatched": 80.0}
    assert _benchmark().aggregate(scores) == pytest.approx((8 * 50 + 85) / 9)


def test_aggregate_of_an_incomplete_row_is_none() -> None:
    scores = dict.fromkeys(TASKS, 50.0)
    del scores["glue/wnli"]
    assert _benchmark().aggregate(scores) is None


@pytest.mark.parametrize("path", _published_averages(), ids=lambda path: path.stem)
def test_aggregate_equals_the_published_average(path: Path) -> None:
    case = json.loads(path.read_text())
    scores: dict[str, list[float]] = {}
    for name, value in case["inputs"]["task_scores"].items():
        scores.setdefault(PUBLISHED[name.split(" ")[0]], []).append(value)
    means = {task: sum(values) / len(values) for task, values in scores.items()}
    expected, tolerance = case["expected"], case["tolerance"]
    for key, value in expected.items():
        assert _benchmark().aggregate(means) == pytest.approx(value, abs=tolerance[key])


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("glue/cola", ["matthews"]),
        ("glue/mrpc", ["f1", "accuracy"]),
        ("glue/qqp", ["f1", "accuracy"]),
        ("glue/stsb", ["pearson", "spearman"]),
        ("glue/mnli/matched", ["accuracy"]),
        ("glue/ax", ["matthews"]),
    ],
)
def test_metrics_are_those_of_the_paper(task: str, names: list[str]) -> None:
    # Wang et al. (2019), table 1
    assert [parse_spec(spec)[0] for spec in TASKS[task].metrics] == names


@EVERY_TASK
def test_metrics_can_be_made_for_the_labels(task: Task) -> None:
    for spec in task.metrics:
        name, options = parse_spec(spec)
        metric = METRICS[name].make(task.problem.labels, options)
        assert metric.unit == "example"


@pytest.mark.parametrize("task", ["glue/mnli/mismatched", "glue/ax"])
def test_task_is_trained_on_mnli(task: str) -> None:
    assert TASKS[task].training_task == "glue/mnli/matched"
    assert TASKS[task].problem.labels == TASKS["glue/mnli/matched"].problem.labels


def test_plugin_rows_share_one_hub_revision() -> None:
    revisions = {task.data.hub.revision for task in TASKS.values() if task.data.hub}
    assert len(revisions) == 1


@pytest.mark.parametrize(
    ("task", "path"), _splits(), ids=lambda value: getattr(value, "stem", None)
)
def test_columns_and_labels_are_those_of_the_data_set(task: Task, path: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(path).to_pylist()
    assert {*task.problem.columns, "label", "idx"} <= rows[0].keys()
    targets = {task.problem.read_target(row) for row in rows}
    known = isinstance(task.problem, Regression) or targets <= {
        *task.problem.labels,
        None,
    }
    assert known
