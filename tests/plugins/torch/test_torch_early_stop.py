"""Training stops where the score on the selection slice no longer rises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import TrainingError, UsageError
from harness.events import TrainStep
from harness_torch.training.schedule import Schedule
from harness_torch.training.settings import LoopSettings
from tests.plugins.torch.slopes import Slopes, run

BEST: dict[str, Any] = {"select": "best", "epochs": 10.0}


def scores(*values: float) -> Callable[[], float]:
    return iter(values).__next__


def test_training_stops_when_patience_ends() -> None:
    told = scores(0.5, 0.9, 0.8, 0.9)
    model, report = run(**BEST, patience=2, select_score=told)
    assert (report.steps, report.selected_step) == (20, 10)
    assert report.examples_seen == sum(map(len, model.batches)) == 4 * 18


def test_the_report_says_that_it_stopped_early() -> None:
    _, report = run(**BEST, patience=1, select_score=scores(0.5, 0.5))
    assert report.notes == ("stopped at step 10 of 50: the score no longer rose",)


def test_a_better_score_renews_patience() -> None:
    told = scores(0.1, 0.0, 0.2, 0.0, 0.3, 0.0, 0.4, 0.0, 0.5, 0.0)
    _, report = run(**BEST, patience=2, select_score=told)
    assert (report.steps, report.notes) == (50, ())


def test_without_patience_all_steps_are_taken() -> None:
    told = scores(*[0.0] * 10)
    assert run(**BEST, select_score=told)[1].steps == 50


def test_patience_lasts_over_a_resume(tmp_path: Path) -> None:
    told = scores(0.5, 0.4, 0.4)
    settings = {**BEST, "patience": 2, "save_every": 0.0, "scratch": tmp_path}

    def breaks(event: TrainStep) -> None:
        if event.step == 12:
            raise TrainingError("cut off")

    with pytest.raises(TrainingError, match="cut off"):
        run(Slopes(), **settings, select_score=told, on_step=breaks)
    _, report = run(Slopes(), **settings, select_score=told)
    assert (report.steps, report.selected_step) == (15, 5)


@pytest.mark.parametrize(
    ("epochs", "ends"),
    [
        (1.0, [5, 10, 12]),
        (0.5, [3, 5, 8, 10, 12]),
        (2.0, [10, 12]),
        (0.01, [*range(1, 13)]),
    ],
)
def test_evaluations_come_every_so_many_epochs_and_at_the_end(
    epochs: float, ends: list[int]
) -> None:
    schedule = Schedule(examples=20, batch_size=4, epochs=2.4, warmup=0.0)
    steps = range(1, schedule.steps + 1)
    assert [step for step in steps if schedule.ends_stretch(step, epochs)] == ends


def test_evaluations_within_an_epoch_can_be_asked_for() -> None:
    told = scores(*[0.1, 0.2, 0.9, 0.3])
    _, report = run(evaluate_every=0.5, select="best", select_score=told)
    assert report.selected_step == 8


def test_patience_needs_a_score() -> None:
    with pytest.raises(UsageError, match="patience is 3, expected select=best beside"):
        LoopSettings(patience=3)
