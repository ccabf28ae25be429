"""SmolLM2-135M-Instruct scores choices as lm-evaluation-harness does.

``lm_eval_choices.json`` holds what lm-eval 0.4.13 over transformers 5.23 gave for the
first 200 rows of each split that is evaluated (of ReCoRD, 12 rows of training); HARNESS_TEST_FULL=1 compares all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import Budget, Example, LoadSettings, ModelName
from harness.formulations import Rank
from harness.model import Adapter
from harness.requests import Score, ScoreAnswer
from harness.task import is_right
from harness_glue.plugin import harness_tasks as glue_tasks
from harness_gpt.plugin import load
from harness_superglue.plugin import harness_tasks as superglue_tasks
from tests.places import SHARED

pytestmark = pytest.mark.slow
FEW = 0 if os.environ.get("HARNESS_TEST_FULL") == "1" else 4
RECORD = json.loads((Path(__file__).parent / "lm_eval_choices.json").read_text())
TASKS = {task.id: task for task in [*glue_tasks(), *superglue_tasks()]}
SPLITS = {"superglue/record": "train"}
EVERY_TASK = pytest.mark.parametrize("name", RECORD)


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Adapter:
    torch.set_num_threads(1)
    name = ModelName(adapter="gpt", checkpoint=str(smollm2), options={"chat": "off"})
    return load(name, LoadSettings())


def examples(name: str) -> list[Example]:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    task = TASKS[name]
    split = SPLITS.get(name, task.data.evaluate)
    path = SHARED / "data" / task.data.folder / f"{split}.parquet"
    if not path.exists():
        pytest.skip("needs the shared folder's data")
    rows = parquet.read_table(path).slice(0, 200).to_pylist()
    read = task.problem.read_target
    return [
        Example(id=str(n), columns=row, target=read(row)) for n, row in enumerate(rows)
    ]


def formulation(name: str) -> Rank:
    (way,) = [
        way
        for way in TASKS[name].formulations()
        if (way.name, way.prompt) == ("rank", "lm-eval")
    ]
    assert isinstance(way, Rank)
    return way


def requests(name: str, asked: list[Example]) -> list[Score]:
    made = [formulation(name).requests(example)[0] for example in asked]
    return [request for request in made if isinstance(request, Score)]


def best(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=lambda index: scores[index])


def digest(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()[:12]


def answers(model: Adapter, asked: list[Score]) -> list[ScoreAnswer]:
    encoded = sorted(model.encode(asked), key=lambda item: item.cost)
    found = dict(model.session().answer(encoded, Budget(tokens=2048)))
    each = [found[key] for key in range(len(asked))]
    return [answer for answer in each if isinstance(answer, ScoreAnswer)]


@EVERY_TASK
def test_prompts_are_those_that_lm_eval_sent(name: str) -> None:
    rows = "".join(
        digest(request.context) + digest("\0".join(request.choices))
        for request in requests(name, examples(name))
    )
    assert digest(rows) == RECORD[name]["prompts"]


@EVERY_TASK
def test_log_probabilities_equal_those_of_lm_eval(model: Adapter, name: str) -> None:
    theirs = RECORD[name]["log_probabilities"][: FEW or None]
    asked = requests(name, examples(name)[: len(theirs)])
    ours = [answer.log_probabilities for answer in answers(model, asked)]
    gap = max(
        abs(mine - their)
        for pair in zip(ours, theirs, strict=True)
        for mine, their in zip(*pair, strict=True)
    )
    print(f"{name}: {len(ours)} rows, largest difference {gap:.2e}")
    assert [best(scores) for scores in ours] == [best(scores) for scores in theirs]
    assert gap < 1e-3


@EVERY_TASK
def test_accuracy_equals_that_of_lm_eval(name: str) -> None:
    record, way = RECORD[name], formulation(name)
    hits = [
        is_right(way.candidates(e.columns)[best(scores)], e.target)
        for e, scores in zip(examples(name), record["log_probabilities"], strict=True)
    ]
    assert sum(hits) / len(hits) == pytest.approx(record["accuracy"], abs=1e-9)
