"""One cell: what is measured, what is refused, and what is held in memory."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import Budget, Example, Prediction
from harness.api import carry_out
from harness.engine import Engine
from harness.errors import PluginError
from harness.events import TrainStep
from harness.formulations import ClassifyHead
from harness.hookspecs import hookimpl
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.requests import (
    Answer,
    ClassifyAnswer,
    JsonValue,
    Request,
    Score,
    ScoreAnswer,
)
from harness.results import CellResult
from harness.runner import ask_about, predict
from harness.suite import make_suite

ANSWER = ClassifyAnswer(probabilities=(0.9, 0.1))
RANKED = ScoreAnswer(
    log_probabilities=(-1.0, -2.0),
    is_greedy=(True, False),
    token_counts=(1, 1),
    byte_counts=(3, 4),
)


class Sure:
    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        return [ANSWER for _ in requests]


class Forgetful:
    def find(self, keys: Sequence[str]) -> Mapping[str, Answer]:
        return {}

    def add(self, answers: Mapping[str, Answer]) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces(ClassifyHead):
    """Asks about every word, and keeps the number of answers."""

    def requests(
        self, example: Example, exemplars: Sequence[Example] = ()
    ) -> tuple[Request, ...]:
        words = str(example.columns["text"]).split()
        rows = [Example(id=word, columns={"text": word}, target=None) for word in words]
        return tuple(self._request(row) for row in rows)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        return Prediction(id=example.id, value=len(answers))

    def finish(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        total = len(predictions)
        return [Prediction(id=p.id, value=[p.value, total]) for p in predictions]


PIECES = Pieces(texts=("{text}",), labels=("a", "b"))


def ask(*texts: str) -> list[JsonValue]:
    examples = [Example(id=t, columns={"text": t}, target="a") for t in texts]
    engine = Engine(Sure(), Forgetful(), Budget(tokens=99))
    return [p.value for p in ask_about(PIECES, examples, engine)]


def test_an_example_may_be_asked_in_several_requests_and_finished_as_a_set() -> None:
    assert ask("one two three", "four") == [[3, 2], [1, 2]]


def test_an_example_that_is_asked_nothing_is_an_error() -> None:
    with pytest.raises(PluginError, match="formulation head asks nothing about"):
        ask("one", "", "two")


class Listening(Sure):
    def __init__(self) -> None:
        self.contexts: list[str] = []

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        self.contexts += [r.context for r in requests if isinstance(r, Score)]
        return [RANKED for _ in requests]


def test_exemplars_come_from_the_training_split(toy: Plugins) -> None:
    suite = {"models": ["reader:"], "tasks": ["toy/colours"], "data": "sample"}
    made = make_plan(make_suite(suite | {"regimes": ["few-shot:2"]}), toy)
    (cell,), model = made.cells, Listening()
    predict(cell, list(cell.split), Engine(model, Forgetful(), Budget(tokens=99)))
    pairs = {(c.count("the train "), c.count("the valid")) for c in model.contexts}
    assert pairs == {(2, 1)}


def go(toy: Plugins, folder: Path, *models: str, **settings: Any) -> list[CellResult]:
    values = {"tasks": ["toy/colours"], "data": "sample"} | settings
    suite = make_suite({"models": list(models), **values})
    place = str(folder / "store.sqlite")
    return list(carry_out(make_plan(suite, toy), toy, place, "").results.cells)


def test_a_baseline_that_loses_an_example_is_refused(
    toy: Plugins, tmp_path: Path
) -> None:
    (cell,) = go(toy, tmp_path, "careless:")
    assert (cell.status, cell.reason) == (
        "failed",
        "the baseline careless: predicted 19 targets for 20 examples: return one for "
        "each, in order",
    )


def test_a_partly_cached_cell_has_no_cost(toy: Plugins, tmp_path: Path) -> None:
    (cell,) = go(toy, tmp_path, "reader:", limit=10)
    assert cell.cost.peak_memory_bytes
    (whole,) = go(toy, tmp_path, "reader:")
    assert (whole.cost.seconds, whole.cost.tokens) == (None, None)
    assert whole.cost.peak_memory_bytes is None


def test_training_lets_the_last_model_go(toy: Plugins, tmp_path: Path) -> None:
    held: list[str] = []

    class Listener:
        @hookimpl
        def harness_train_step(self, event: TrainStep) -> None:
            gc.collect()
            held.extend(type(thing).__name__ for thing in gc.get_objects())

    toy.listen(Listener())
    go(
        toy,
        tmp_path,
        "reader:",
        "memory:blank",
        regimes=["zero-shot", "finetune:learn"],
    )
    assert ("Memory" in held, "Reader" in held) == (True, False)


def test_examples_that_no_store_holds_fail_their_cell_alone(
    toy: Plugins, tmp_path: Path
) -> None:
    folder = tmp_path / "toy" / "shades"
    folder.mkdir(parents=True)
    day = pa.array([date(2026, 1, 1)])
    columns = {"idx": [1], "text": ["red"], "label": [0], "day": day}
    pq.write_table(pa.table(columns), folder / "validation.parquet")
    tasks = [{"id": "toy/shades", "data": str(tmp_path)}, "toy/colours"]
    cells = go(toy, tmp_path, "reader:", tasks=tasks)
    assert [(cell.task, cell.status) for cell in cells] == [
        ("toy/shades", "failed"),
        ("toy/colours", "done"),
    ]
