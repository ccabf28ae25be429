"""Every row of GLUE and SuperGLUE is asked as lm-evaluation-harness asks it.

``lm_eval_prompts.json`` holds a digest of all contexts and choices of each split, made
by lm-eval 0.4.13's own task objects (``lm_eval_prompts.py`` under its Python). Test
splits and training splits are compared with HARNESS_TEST_FULL=1; HARNESS_LM_EVAL names
a Python that has lm-eval, to make the digests anew.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness import Example, Task
from harness.formulations import Formulation
from harness.requests import Score
from harness_glue.plugin import harness_tasks as glue_tasks
from harness_superglue.plugin import harness_tasks as superglue_tasks
from tests.places import SHARED
from tests.tasks.lm_eval_prompts import digest

HERE = Path(__file__).parent
RECORD: dict[str, dict[str, str]] = json.loads(
    (HERE / "lm_eval_prompts.json").read_text()
)
NAMES = {
    **{task.id.rpartition("/")[2]: task for task in glue_tasks()},
    "mnli": glue_tasks()[5],
    **{task.id.rpartition("/")[2]: task for task in superglue_tasks()},
    "rte": next(task for task in glue_tasks() if task.id == "glue/rte"),
    "sglue_rte": next(task for task in superglue_tasks() if task.id == "superglue/rte"),
}
"""Our tasks by lm-eval's names."""
IS_FULL = os.environ.get("HARNESS_TEST_FULL") == "1"
SPLITS = [
    (name, split)
    for name, splits in RECORD.items()
    for split in splits
    if IS_FULL or split.startswith("validation") or name == "record"
]


def way(task: Task) -> Formulation:
    ways = task.formulations()
    (found,) = [w for w in ways if (w.name, w.prompt) == ("rank", "lm-eval")]
    return found


@functools.cache
def ours(name: str, split: str) -> str:
    task = NAMES[name]
    path = SHARED / "data" / task.data.folder / f"{split}.parquet"
    if not path.exists():
        pytest.skip("needs the shared folder's data")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    formulation, found = way(task), []
    for row in parquet.read_table(path).to_pylist():
        (request,) = formulation.requests(Example(id="0", columns=row, target=None))
        assert isinstance(request, Score)
        found.append(digest(request.context, list(request.choices)))
    return "".join(found)


def short(digests: str) -> str:
    return f"{len(digests) // 8} {hashlib.sha1(digests.encode()).hexdigest()[:16]}"


@pytest.mark.parametrize(("name", "split"), SPLITS)
def test_every_row_is_asked_as_lm_eval_asks_it(name: str, split: str) -> None:
    assert short(ours(name, split)) == RECORD[name][split]


def test_all_tasks_of_lm_eval_are_compared() -> None:
    # it has no task of STS-B and of the diagnostic sets
    asked = {task.id for task in (*glue_tasks(), *superglue_tasks())}
    without = {"glue/stsb", "glue/ax", "superglue/axb", "superglue/axg"}
    without.add("glue/mnli/mismatched")  # no file to compare
    assert {NAMES[name].id for name in RECORD} == asked - without


@pytest.mark.slow
@pytest.mark.skipif(
    "HARNESS_LM_EVAL" not in os.environ, reason="needs HARNESS_LM_EVAL, a Python"
)
def test_lm_eval_still_asks_so() -> None:
    wanted = [f"{name}={NAMES[name].data.folder}" for name in RECORD]
    python, script = os.environ["HARNESS_LM_EVAL"], str(HERE / "lm_eval_prompts.py")
    command = [python, script, str(SHARED / "data"), *wanted]
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    output = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | offline
    ).stdout
    theirs: dict[str, dict[str, str]] = json.loads(output)
    found = {
        name: {split: short(rows) for split, rows in splits.items()}
        for name, splits in theirs.items()
    }
    assert found == RECORD
