"""How long a plan may take, judged by cells that the store holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from harness.plan.cells import EvaluateCell
from harness.results import CellResult


class Estimate(NamedTuple):
    """Seconds for the cells that can be judged, and how many can't."""

    seconds: float
    judged: int
    unknown: int

    def __str__(self) -> str:
        """Say it in words."""
        if not self.judged:
            return "expected time unknown: the store holds no such model yet"
        minutes = self.seconds / 60
        time = f"{minutes:.0f} min" if minutes >= 2 else f"{self.seconds:.0f} s"
        rest = f"; unknown for {self.unknown} more" if self.unknown else ""
        return f"about {time} for {self.judged} of them, judged by earlier runs{rest}"


def estimate(todo: Sequence[EvaluateCell], known: Iterable[CellResult]) -> Estimate:
    """Judge cells by earlier ones of the same model, of the same task first.

    Baselines take no time that counts. Trainings that several cells share count once.
    """
    measured = [cell for cell in known if cell.status == "done"]
    seconds, unknown, trained = 0.0, 0, set[str]()
    asked = [cell for cell in todo if cell.card]
    for cell in asked:
        like = _like(cell, measured)
        rates = [c.cost.examples_per_s for c in like if c.cost.examples_per_s]
        trainings = [c.cost.train_seconds for c in like if c.cost.train_seconds]
        if not rates or (cell.train and not trainings):
            unknown += 1
            continue
        seconds += cell.size / median(rates)
        if cell.train and cell.train.fingerprint not in trained:
            trained.add(cell.train.fingerprint)
            seconds += median(trainings) * len(cell.trains)
    return Estimate(seconds, len(asked) - unknown, unknown)


def _like(cell: EvaluateCell, measured: Iterable[CellResult]) -> list[CellResult]:
    same_model = [
        c
        for c in measured
        if (c.model, c.regime) == (str(cell.model), str(cell.regime))
    ]
    return [c for c in same_model if c.task == cell.task.id] or same_model
