"""Tell the listeners of the event hooks of a training on plain text, as of a run."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.events import (
    CellFinished,
    CellStarted,
    RunFinished,
    RunStarted,
    TrainStep,
)
from harness.pretraining import EpochFigures

if TYPE_CHECKING:
    import pluggy


class PretrainAnnouncer:
    """Makes the events of one training: a run with one cell.

    Args:
        hook: the plugin manager's hooks; None where nobody is to hear.
        fingerprint: the training's identity.
        title: what is made.
        command: what repeats it.
        on_epoch: is told of every epoch too.
    """

    def __init__(
        self,
        hook: pluggy.HookRelay | None,
        *,
        fingerprint: str,
        title: str,
        command: str,
        on_epoch: Callable[[EpochFigures], None],
    ) -> None:
        self._hook = hook
        self._fingerprint = fingerprint
        self._title = title
        self._command = command
        self._on_epoch = on_epoch
        self._run_id = uuid.uuid4().hex[:12]
        self._scores: dict[str, float] = {}

    @contextmanager
    def training(self, facts: Mapping[str, str]) -> Iterator[None]:
        """Announce the beginning, and how it ended."""
        started = time.perf_counter()
        self._begin(facts)
        try:
            yield
        except HarnessError as error:
            self._end(started, str(error))
            raise
        self._end(started, None)

    def step(self, event: TrainStep) -> None:
        """Announce an optimiser step."""
        if self._hook:
            own = replace(event, fingerprint=self._fingerprint)
            self._hook.harness_train_step(event=own)

    def epoch(self, figures: EpochFigures) -> None:
        """Note what is held out: the last epoch's figures are the scores."""
        self._on_epoch(figures)
        found = {"loss": figures.loss, "perplexity": figures.perplexity}
        self._scores = {
            f"held-out {name.replace('_', ' ')}": value
            for name, value in (found | dict(figures.others)).items()
            if math.isfinite(value)
        }

    def _begin(self, facts: Mapping[str, str]) -> None:
        if self._hook is None:
            return
        run = RunStarted(
            run_id=self._run_id,
            cells=1,
            cached=0,
            title=self._title,
            command=self._command,
        )
        self._hook.harness_run_started(event=run)
        cell = CellStarted(
            fingerprint=self._fingerprint,
            kind="train",
            title=self._title,
            index=1,
            cells=1,
            facts=facts,
        )
        self._hook.harness_cell_started(event=cell)

    def _end(self, started: float, reason: str | None) -> None:
        if self._hook is None:
            return
        seconds = time.perf_counter() - started
        cell = CellFinished(
            fingerprint=self._fingerprint,
            title=self._title,
            status="failed" if reason else "done",
            seconds=seconds,
            reason=reason,
            scores=self._scores,
        )
        self._hook.harness_cell_finished(event=cell)
        run = RunFinished(
            run_id=self._run_id,
            done=int(not reason),
            cached=0,
            failed=int(bool(reason)),
            blocked=0,
            seconds=seconds,
        )
        self._hook.harness_run_finished(event=run)
