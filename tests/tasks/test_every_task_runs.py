"""Every task runs on its own sample, with every family that can answer it.

Tasks that differ from another in nothing but their language share a sample and a row
maker, so one stands in for them; ``HARNESS_TEST_FULL=1`` runs all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch

from harness import (
    Blank,
    Classification,
    Following,
    MultipleChoice,
    Regression,
    Retrieval,
    SpanAnswer,
    Tagging,
    run,
)
from harness.plugins import Plugins, load_plugins
from harness.results import CellResult
from harness.task import Task

pytestmark = pytest.mark.slow

IS_FULL = os.environ.get("HARNESS_TEST_FULL") == "1"
SUITES = ["codexglue", "glue", "mlqa", "squad", "superglue", "text", "wmt", "xquad"]
STAND_INS = {
    "codexglue/cloze-all/": ("ruby",),
    "codexglue/cloze-maxmin/": ("php",),
    "codexglue/code-summarisation/": ("ruby",),
    "codexglue/documentation-translation/": ("zh-en",),
    "mlqa/": ("zh-en",),
    "wmt/": ("wmt14/fr-en", "wmt23/en-ja"),
    "xquad/": ("th",),
}
"""Prefixes of tasks that differ by language alone, with those that stand in for all."""
BASELINES = ("oracle:", "majority:", "random:")
ENCODER = "bert:tiny"
WRITERS = ("gpt:tiny", "t5:tiny")
HEADS = (Classification, MultipleChoice, Regression, SpanAnswer, Tagging)
"""Problems that an encoder with a head answers."""
LABELLED = (Classification, Regression, Retrieval, Tagging)
"""Problems that no text answers, or that a head answers better."""
PSEUDO = "text/pseudo-perplexity"
"""The one task that masked models alone are asked."""


@cache
def plugins() -> Plugins:
    return load_plugins()


def chosen(suite: str) -> list[Task]:
    """Return a suite's tasks, less those that another stands in for."""
    return [task for task in plugins().find_tasks(suite) if IS_FULL or stands(task.id)]


def stands(task: str) -> bool:
    """Tell whether a task is run by default."""
    names = [
        (task.removeprefix(prefix), few)
        for prefix, few in STAND_INS.items()
        if task.startswith(prefix)
    ]
    return all(name in few for name, few in names)


def can_answer(model: str, task: Task) -> bool:
    """Tell whether a family can answer a task that it was not trained on.

    An encoder without a head finds vectors and fills blanks, of which every prompt
    named cloze makes one. The others word what they are asked; a label for every word
    takes a head, and an encoder-decoder goes on with no text.
    """
    if model in BASELINES:
        is_text = any("perplexity" in metric for metric in task.metrics)
        return model != "oracle:" or not is_text or task.id == "text/lambada"
    if model not in WRITERS:
        is_filled = isinstance(task.problem, Blank) or "cloze" in task.prompts
        return is_filled or isinstance(task.problem, Retrieval) or task.id == PSEUDO
    unasked = (Tagging, Following) if model == "t5:tiny" else (Tagging,)
    return not isinstance(task.problem, unasked) and task.id != PSEUDO


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("suite", SUITES)
def test_baselines_answer_and_the_oracle_is_perfect(suite: str, tmp_path: Path) -> None:
    cells = answered(suite, BASELINES, tmp_path, limit=30)
    perfect = [cell for cell in cells if cell.model == "oracle:"]
    assert {cell.task: cell.score for cell in perfect} == {
        cell.task: pytest.approx(100, abs=0.01) for cell in perfect
    }


@pytest.mark.parametrize("suite", SUITES)
def test_every_family_answers_what_it_can(suite: str, tmp_path: Path) -> None:
    cells = answered(suite, (ENCODER, *WRITERS), tmp_path, limit=2)
    assert all(cell.scores for cell in cells)


def answered(
    suite: str, models: tuple[str, ...], folder: Path, limit: int
) -> list[CellResult]:
    """Return the finished cells, which are those that can be asked and no others."""
    tasks = chosen(suite)
    cells = run(
        models,
        [task.id for task in tasks],
        data="sample",
        limit=limit,
        device="cpu",
        store=folder / "store.sqlite",
    ).cells
    done = [cell for cell in cells if cell.status == "done"]
    assert {(cell.model, cell.task) for cell in done} == {
        (model, task.id)
        for model in models
        for task in tasks
        if can_answer(model, task)
    }, {cell.task: cell.reason for cell in cells if cell.status != "done"}
    return done


@pytest.mark.parametrize("suite", SUITES)
def test_every_head_trains(suite: str, tmp_path: Path) -> None:
    tasks = [task for task in chosen(suite) if isinstance(task.problem, HEADS)]
    if not tasks:
        pytest.skip(f"no task of {suite} takes a head")
    cells = run(
        [ENCODER, *(WRITERS if IS_FULL else ())],
        [task.id for task in tasks],
        regimes=["finetune:full,epochs=1,max_examples=16"],
        data="sample",
        limit=8,
        device="cpu",
        store=tmp_path / "store.sqlite",
    ).cells
    trained = {cell.task for cell in cells if cell.status == "done" and cell.scores}
    assert trained == {task.id for task in tasks}


@pytest.mark.parametrize("suite", ["codexglue", "squad", "superglue", "text", "wmt"])
def test_every_writer_is_trained_on_what_it_says(suite: str, tmp_path: Path) -> None:
    """What takes a head is left out: `test_every_head_trains` has it."""
    tasks = [
        task
        for task in chosen(suite)
        if task.data.train is not None
        and not isinstance(task.problem, LABELLED)
        and task.id != PSEUDO
    ]
    cells = run(
        WRITERS,
        [task.id for task in tasks],
        regimes=["finetune:full,epochs=1,max_examples=8,batch_size=8"],
        data="sample",
        limit=1,
        device="cpu",
        store=tmp_path / "store.sqlite",
    ).cells
    trained = {(cell.model, cell.task) for cell in cells if cell.status == "done"}
    assert trained == {
        (model, task.id)
        for model in WRITERS
        for task in tasks
        if can_answer(model, task)
    }, {cell.task: cell.reason for cell in cells if cell.status != "done"}
