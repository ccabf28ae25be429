"""SmolLM2-135M-Instruct, a real Llama-style model, scored as others scored it.

The golden log-probabilities are those of lm-evaluation-harness 0.4.13 over transformers
5.23; HARNESS_TEST_FULL=1 compares all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import Budget, Example, LoadSettings, ModelName
from harness.model import Adapter
from harness.requests import (
    Answer,
    Generate,
    GenerateAnswer,
    Request,
    Score,
    ScoreAnswer,
)
from harness_glue.plugin import harness_tasks
from harness_gpt.plugin import load
from tests.places import SHARED

pytestmark = pytest.mark.slow
IS_FULL = os.environ.get("HARNESS_TEST_FULL") == "1"
FEW = {"wnli": 71, "rte": 40, "sst2": 60, "copa": 10}
ACCURACY = {"sst2": 0.610092, "rte": 0.555957, "wnli": 0.535211, "copa": 0.64}
TASKS = {task.id: task for task in harness_tasks()}


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Adapter:
    torch.set_num_threads(1)
    name = ModelName(adapter="gpt", checkpoint=str(smollm2), options={"chat": "off"})
    return load(name, LoadSettings())


def ask(model: Adapter, requests: list[Request]) -> list[Answer]:
    encoded = sorted(model.encode(requests), key=lambda item: item.cost)
    answers = dict(model.session().answer(encoded, Budget(tokens=2048)))
    return [answers[key] for key in range(len(requests))]


def golden(name: str) -> list[dict[str, Any]]:
    path = SHARED / "models" / "golden" / f"smollm2-{name}.json"
    if not path.exists():
        pytest.skip("needs the shared folder's record of an lm-eval run")
    items: list[dict[str, Any]] = json.loads(path.read_text())["items"]
    return items if IS_FULL else items[: FEW[name]]


def rows(folder: str) -> list[dict[str, Any]]:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(SHARED / "data" / folder / "validation.parquet")
    read: list[dict[str, Any]] = table.to_pylist()
    return read


def glue_request(name: str, row: dict[str, Any]) -> Request:
    (way,) = [
        way
        for way in TASKS[f"glue/{name}"].formulations()
        if (way.name, way.prompt) == ("rank", "lm-eval")
    ]
    (request,) = way.requests(Example(id="0", columns=row, target=None))
    return request


def copa_request(row: dict[str, Any]) -> Request:
    # lm_eval/tasks/super_glue/copa: choices begin with a space, as the delimiter does
    link = {"cause": " because", "effect": " therefore"}[row["question"]]
    choices = [row[key][0].lower() + row[key][1:] for key in ("choice1", "choice2")]
    return Score(
        context=row["premise"].strip()[:-1] + link,
        choices=tuple(f"  {choice}" for choice in choices),
    )


@pytest.mark.parametrize("name", ["wnli", "rte", "sst2", "copa"])
def test_log_probabilities_equal_those_of_lm_eval(model: Adapter, name: str) -> None:
    items = golden(name)
    is_copa = name == "copa"
    data = rows("super_glue/copa" if is_copa else f"glue/{name}")
    own = [data[item["doc_id"]] for item in items]
    asked = [copa_request(r) if is_copa else glue_request(name, r) for r in own]
    ours = torch.tensor(
        [a.log_probabilities for a in ask(model, asked) if isinstance(a, ScoreAnswer)]
    )
    theirs = torch.tensor([item["loglik"] for item in items])
    print(f"{name}: largest difference {float((ours - theirs).abs().max()):.2e}")
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-3)
    assert torch.equal(ours.argmax(1), theirs.argmax(1))
    if len(items) == len(data):
        targets = torch.tensor([row["label"] for row in own])
        accuracy = float((ours.argmax(1) == targets).float().mean())
        print(f"{name}: accuracy {accuracy:.6f}")
        assert accuracy == pytest.approx(ACCURACY[name], abs=1e-6)


def test_greedy_knows_the_capital_of_france(model: Adapter) -> None:
    (answer,) = ask(model, [Generate(prompt="The capital of France is", max_tokens=4)])
    assert isinstance(answer, GenerateAnswer)
    assert answer.text.startswith(" Paris.")


MEMORY = """
import sys

import torch

from harness import Budget, LoadSettings, ModelName
from harness.measure import peak_memory_bytes
from harness.requests import Score
from harness_gpt.plugin import load

torch.set_num_threads(1)
model = load(ModelName(adapter="gpt", checkpoint=sys.argv[1]), LoadSettings())
text = "the quick brown fox jumps over the lazy dog and then goes home again " * 36
asked = [
    Score(context=f"{number} {text}", choices=(" yes", " no", " of course"))
    for number in range(int(sys.argv[2]))
]
encoded = model.encode(asked)
assert all(item.cost >= 500 for item in encoded)
assert len(dict(model.session().answer(encoded, Budget(tokens=4096)))) == len(asked)
print(peak_memory_bytes("cpu"))
"""
"""Scores requests of 500 tokens, and prints the most memory it held."""


def test_scoring_holds_less_than_one_and_a_half_gigabytes(smollm2: Path) -> None:
    command = [sys.executable, "-c", MEMORY, str(smollm2), "64" if IS_FULL else "8"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(told.stdout) < 1.5e9
