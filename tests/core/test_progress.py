"""What a user sees while a run goes on."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.api import carry_out
from harness.events import CellFinished, TrainStep
from harness.hookspecs import hookimpl
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.progress import LiveProgress, PlainProgress, ending, listener, training
from harness.suite import make_suite

STEP = TrainStep(
    step=3,
    steps=9,
    loss=0.51234,
    learning_rate=5e-5,
    examples_per_s=20.4,
    tokens_per_s=900.0,
    seconds_left=61.0,
)


class Everything:
    """Hears every event."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    def harness_run_started(self, event: Any) -> None:
        self.heard.append("run_started")

    @hookimpl
    def harness_cell_started(self, event: Any) -> None:
        self.heard.append(f"{event.kind}_started {event.index}/{event.cells}")

    @hookimpl
    def harness_train_step(self, event: Any) -> None:
        self.heard.append(f"train_step {event.step}/{event.steps}")

    @hookimpl
    def harness_batch_answered(self, event: Any) -> None:
        self.heard.append(f"answered {event.done}/{event.requests}")

    @hookimpl
    def harness_cell_finished(self, event: Any) -> None:
        self.heard.append(f"finished {event.status}")

    @hookimpl
    def harness_run_finished(self, event: Any) -> None:
        self.heard.append(f"run_finished {event.done}")


@pytest.fixture
def screen() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100)


def go(toy: Plugins, tmp_path: Path, *models: str) -> None:
    values = {"models": models, "tasks": ["toy/colours"], "data": "sample"}
    suite = make_suite({**values, "regimes": ["finetune:learn"]})
    carry_out(make_plan(suite, toy), toy, str(tmp_path / "s.sqlite"), "harness run")


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_event_is_heard_in_order(toy: Plugins, tmp_path: Path) -> None:
    everything = Everything()
    toy.listen(everything)
    go(toy, tmp_path, "memory:blank")
    assert everything.heard == [
        "run_started",
        "train_started 1/1",
        "train_step 1/1",
        "evaluate_started 1/1",
        "answered 20/20",
        "finished done",
        "run_finished 1",
    ]


def test_a_terminal_gets_bars_and_a_file_gets_lines(screen: Console) -> None:
    assert isinstance(listener(screen), LiveProgress)
    assert isinstance(listener(Console(file=io.StringIO())), PlainProgress)


def test_ended_cells_scroll_above_the_bars(
    toy: Plugins, tmp_path: Path, screen: Console
) -> None:
    toy.listen(listener(screen))
    go(toy, tmp_path, "memory:blank")
    assert "memory:blank · toy/colours · finetune:learn · seed 1  100.0" in shown(
        screen
    )


def test_the_bars_go_away_when_a_run_breaks_off(screen: Console) -> None:
    progress = LiveProgress(screen)
    progress.stop()
    progress.harness_train_step(STEP)
    assert shown(screen) == ""


def test_a_training_line_has_loss_rate_speed_and_time_left() -> None:
    told = "step 3/9  loss 0.512  lr 5.0e-05  20 examples/s  900 tokens/s  61 s left"
    assert training(STEP) == told


def test_a_failed_cell_says_why() -> None:
    event = CellFinished(
        fingerprint="f", title="m · t", status="failed", seconds=1.25, reason="no luck"
    )
    assert ending(event) == "m · t  1.2 s  failed: no luck"


def test_an_undefined_score_is_called_so() -> None:
    event = CellFinished(
        fingerprint="f", title="m · t", status="done", seconds=0.0, score=math.nan
    )
    assert ending(event) == "m · t  undefined"


def test_a_long_training_speaks_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO(), width=200)
    progress = PlainProgress(console)
    progress.harness_train_step(STEP)
    monkeypatch.setattr("harness.progress.QUIET_S", -1.0)
    progress.harness_train_step(STEP)
    assert shown(console).splitlines() == [f"  {training(STEP)}"]


def test_a_huge_perplexity_has_an_exponent() -> None:
    event = CellFinished(
        fingerprint="f", title="m · t", status="done", seconds=0.0, score=278823522707.3
    )
    assert ending(event) == "m · t  2.79e+11"
