"""Scores of real systems equal what the organisers published.

``scores/automatic-scores.tsv`` of wmt-conference/wmt21-, wmt22- and
wmt23-news-systems: ``bleu-all`` and ``chrf-all``, against all references of a pair.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harness import Example, Prediction
from harness.builtin import harness_metrics
from harness.data import load_split
from harness.data.folder import FolderSource
from harness.metric import Metric
from harness.stats import score
from harness.task import parse_spec
from harness_wmt.rows import TASKS
from tests.places import SHARED

FOLDER = SHARED / "data" / "wmt"
BY_ID = {task.id: task for task in TASKS}
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/system_outputs.parquet"))
WRONG = {("wmt22_ru-sah", "Lan-Bridge")}
"""Where the organisers' numbers are not sacreBLEU's of the output that they released.

BLEU 0.02 and chrF 11.3 are published; sacreBLEU itself gives 15.3 and 56.6.
"""

pytestmark = pytest.mark.skipif(not NAMES, reason=f"no system outputs in {SHARED}")


def _metric(spec: str) -> Metric:
    name, options = parse_spec(spec)
    (entry,) = [entry for entry in harness_metrics() if entry.name == name]
    return entry.make((), options)


@cache
def _published() -> dict[tuple[str, str, str], float]:
    table = pq.read_table(FOLDER / "published_scores" / "automatic_scores.parquet")
    return {
        (f"{row['year']}_{row['pair']}", row["system"], row["metric"]): row["score"]
        for row in table.to_pylist()
    }


def _outputs(path: Path) -> dict[str, list[Prediction]]:
    systems: dict[str, list[Prediction]] = defaultdict(list)
    for row in pq.read_table(path).to_pylist():
        prediction = Prediction(id=str(row["idx"] + 1), value=row["hypothesis"])
        systems[row["system"]].append(prediction)
    return systems


def _check(name: str, count: int) -> None:
    task = BY_ID[f"wmt/{name.replace('_', '/')}"]
    split = load_split(task, FolderSource(root=SHARED / "data"), "test")
    examples: list[Example] = list(split)
    outputs = _outputs(FOLDER / name / "system_outputs.parquet")
    for system, predictions in list(outputs.items())[:count]:
        for spec in (task.metrics[0], "chrf"):
            metric = _metric(spec)
            found = score(metric, metric.statistics(predictions, examples))
            wanted = _published()[name, system, f"{metric.name}-all"]
            is_equal = abs(found - wanted) < 0.01
            assert is_equal or (name, system) in WRONG, (system, found, wanted)


def test_first_system_scores_what_was_published() -> None:
    _check("wmt23_de-en", 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count"), [("wmt21_en-de", 1), ("wmt22_en-ja", 4), ("wmt23_en-zh", 2)]
)
def test_systems_score_what_was_published(name: str, count: int) -> None:
    _check(name, count)
