"""Tell the listeners of the event hooks what happens in a run."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from harness.events import (
    BatchAnswered,
    CellFinished,
    CellStarted,
    CellStatus,
    RunFinished,
    RunStarted,
    TrainStep,
)
from harness.plan import EvaluateCell
from harness.results import CellScore

if TYPE_CHECKING:
    import pluggy


class Announced(Protocol):
    """What listeners are told of a cell, or of a training that is none."""

    @property
    def fingerprint(self) -> str:
        """Its identity."""

    @property
    def title(self) -> str:
        """It in words."""

    @property
    def facts(self) -> Mapping[str, str]:
        """What it is made of."""


class Announcer:
    """Makes the events of one run and counts how its cells ended.

    Args:
        hook: the plugin manager's hooks.
        run_id: the run's id.
        cells: how many evaluate cells the run has.
    """

    def __init__(self, hook: pluggy.HookRelay, run_id: str, cells: int) -> None:
        self._hook = hook
        self._run_id = run_id
        self._cells = cells
        self._ended: Counter[CellStatus] = Counter()
        self._run_started = self._cell_started = time.perf_counter()

    def run_started(self, *, cached: int, title: str, command: str) -> None:
        """Announce the run."""
        event = RunStarted(
            run_id=self._run_id,
            cells=self._cells,
            cached=cached,
            title=title,
            command=command,
        )
        self._hook.harness_run_started(event=event)

    def started(self, cell: Announced, kind: Literal["train", "evaluate"]) -> None:
        """Announce that a cell begins."""
        self._cell_started = time.perf_counter()
        event = CellStarted(
            fingerprint=cell.fingerprint,
            kind=kind,
            title=cell.title,
            index=self._ended.total() + 1,
            cells=self._cells,
            facts=cell.facts,
        )
        self._hook.harness_cell_started(event=event)

    def train_steps(self, cell: Announced) -> Callable[[TrainStep], None]:
        """Return what announces the optimiser steps of a cell."""
        fingerprint = cell.fingerprint

        def on_step(event: TrainStep) -> None:
            own = replace(event, fingerprint=fingerprint)
            self._hook.harness_train_step(event=own)

        return on_step

    def batches(self, cell: EvaluateCell) -> Callable[[int], None]:
        """Return what announces the answers of a cell as they are journalled."""
        started, done = time.perf_counter(), 0

        def on_batch(count: int) -> None:
            nonlocal done
            done += count
            a_request_s = (time.perf_counter() - started) / done
            event = BatchAnswered(
                fingerprint=cell.fingerprint,
                done=done,
                requests=cell.size,
                seconds_left=a_request_s * max(0, cell.size - done),
            )
            self._hook.harness_batch_answered(event=event)

        return on_batch

    def finished(
        self,
        cell: EvaluateCell,
        status: CellStatus,
        *,
        score: float | None = None,
        reason: str | None = None,
        scores: Sequence[CellScore] = (),
    ) -> None:
        """Announce that an evaluate cell ended."""
        self.ended(
            cell,
            status,
            score=score,
            reason=reason,
            scores={
                f"{cell.task.id} {one.metric}": one.value * one.scale for one in scores
            },
            trained=cell.train.fingerprint if cell.train else None,
        )

    def ended(
        self,
        cell: Announced,
        status: CellStatus,
        *,
        score: float | None = None,
        reason: str | None = None,
        scores: Mapping[str, float],
        trained: str | None = None,
    ) -> None:
        """Announce the end of a cell, or of a training that is none."""
        self._ended[status] += 1
        spent = time.perf_counter() - self._cell_started
        event = CellFinished(
            fingerprint=cell.fingerprint,
            title=cell.title,
            status=status,
            seconds=0.0 if status in ("cached", "blocked") else spent,
            score=score,
            reason=reason,
            scores={n: value for n, value in scores.items() if math.isfinite(value)},
            trained=trained,
        )
        self._hook.harness_cell_finished(event=event)

    def run_finished(self) -> RunFinished:
        """Announce the end of the run, and return the count."""
        event = RunFinished(
            run_id=self._run_id,
            done=self._ended["done"],
            cached=self._ended["cached"],
            failed=self._ended["failed"],
            blocked=self._ended["blocked"],
            seconds=time.perf_counter() - self._run_started,
        )
        self._hook.harness_run_finished(event=event)
        return event
