"""SmolLM2-135M-Instruct scores SuperGLUE's choices as lm-evaluation-harness does.

``lm_eval_superglue.json`` holds what lm-eval 0.4.13 over transformers 5.23 gave for the
first 200 rows of each validation split; HARNESS_TEST_FULL=1 compares all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import Budget, Example, LoadSettings, ModelName, Prediction
from harness.model import Adapter
from harness.requests import Score, ScoreAnswer
from harness_gpt.plugin import load
from harness_superglue.plugin import harness_tasks
from tests.places import SHARED

pytestmark = pytest.mark.slow
FEW = 0 if os.environ.get("HARNESS_TEST_FULL") == "1" else 4
RECORD = json.loads((Path(__file__).parent / "lm_eval_superglue.json").read_text())
TASKS = {task.id.partition("/")[2]: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("name", RECORD)


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Adapter:
    torch.set_num_threads(1)
    name = ModelName(adapter="gpt", checkpoint=str(smollm2), options={"chat": "off"})
    return load(name, LoadSettings())


def examples(name: str) -> list[Example]:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    path = SHARED / "data" / "super_glue" / name / "validation.parquet"
    if not path.exists():
        pytest.skip("needs the shared folder's data")
    rows = parquet.read_table(path).slice(0, 200).to_pylist()
    read = TASKS[name].problem.read_target
    return [
        Example(id=str(n), columns=row, target=read(row)) for n, row in enumerate(rows)
    ]


def requests(name: str, asked: list[Example]) -> list[Score]:
    (way,) = [
        way
        for way in TASKS[name].formulations()
        if (way.name, way.prompt) == ("rank", "lm-eval")
    ]
    made = [way.requests(example)[0] for example in asked]
    return [request for request in made if isinstance(request, Score)]


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
    gaps = (torch.tensor(ours) - torch.tensor(theirs)).abs()
    choices = [scores.index(max(scores)) for scores in ours]
    print(f"{name}: {len(ours)} rows, largest difference {float(gaps.max()):.2e}")
    assert choices == [scores.index(max(scores)) for scores in theirs]
    assert float(gaps.max()) < 1e-3


@EVERY_TASK
def test_accuracy_equals_that_of_lm_eval(name: str) -> None:
    record = RECORD[name]
    hits = [
        Prediction(id=e.id, value=TASKS[name].problem.labels[s.index(max(s))]).value
        == e.target
        for e, s in zip(examples(name), record["log_probabilities"], strict=True)
    ]
    assert sum(hits) / len(hits) == pytest.approx(record["accuracy"], abs=1e-9)
