"""MLflow: an experiment a suite, a run of its own for every training and evaluation.

A run is nested in that of the whole `harness run`; the scores of a checkpoint that was
trained in it stand beside the training's curves.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from harness import hookimpl
from harness.events import (
    CellFinished,
    CellStarted,
    RunFinished,
    RunStarted,
    TrainStep,
)
from harness_track.names import CURVES, cell_name, metric_name

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

EventT = TypeVar("EventT")
_BATCH = 400
"""Points that are sent together; a server takes 1,000 at most."""
_PARENT = "mlflow.parentRunId"


def _untroubled(
    method: Callable[[Mlflow, EventT], None],
) -> Callable[[Mlflow, EventT], None]:
    """Let no trouble with the server stop the run: say it once, and track no more."""

    def wrapper(self: Mlflow, event: EventT) -> None:
        if self.is_off:
            return
        # MLflow would tell its makers that it is used, over the network
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow.exceptions import MlflowException

        try:
            method(self, event)
        except MlflowException as error:
            self.is_off = True
            reason = " ".join(str(error).split())[:300]
            print(f"no longer tracked by mlflow:{self.uri}: {reason}", file=sys.stderr)

    return wrapper


class Mlflow:
    """Sends what a run tells to an MLflow server or database."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.is_off = False
        self._opened: MlflowClient | None = None
        self._experiment = ""
        self._parent = ""
        self._runs: dict[str, str] = {}
        self._waiting: dict[str, list[Metric]] = {}
        self._steps: dict[str, int] = {}

    @hookimpl
    def harness_run_started(self, event: RunStarted) -> None:
        """Open the suite's experiment, and a run in it."""
        self._start(event)

    @hookimpl
    def harness_cell_started(self, event: CellStarted) -> None:
        """Open a nested run with the cell's settings."""
        self._begin(event)

    @hookimpl
    def harness_train_step(self, event: TrainStep) -> None:
        """Note a point of every curve, and send many together."""
        self._step(event)

    @hookimpl
    def harness_cell_finished(self, event: CellFinished) -> None:
        """Send the scores."""
        self._end(event)

    @hookimpl
    def harness_run_finished(self, event: RunFinished) -> None:
        """Close every run."""
        self._finish(event)

    @_untroubled
    def _start(self, event: RunStarted) -> None:
        client = self._client()
        found = client.get_experiment_by_name(event.title)
        self._experiment = (
            found.experiment_id if found else client.create_experiment(event.title)
        )
        self._parent = self._create(event.run_id, {"command": event.command})

    @_untroubled
    def _begin(self, event: CellStarted) -> None:
        run = self._create(
            cell_name(event), {_PARENT: self._parent, "kind": event.kind}
        )
        self._runs[event.fingerprint] = run
        self._log(run, params=event.facts)

    @_untroubled
    def _step(self, event: TrainStep) -> None:
        run = self._runs[event.fingerprint]
        self._steps[run] = event.step
        values = {name: float(getattr(event, name)) for name in CURVES}
        self._note(run, values, event.step)
        if len(self._waiting[run]) >= _BATCH or event.step == event.steps:
            self._send(run)

    @_untroubled
    def _end(self, event: CellFinished) -> None:
        own = self._runs.get(event.fingerprint)
        if own is None:  # it was in the store already
            return
        trained = self._runs.get(event.trained or "")
        for run in filter(None, (own, trained)):
            scores = {metric_name(name): v for name, v in event.scores.items()}
            self._note(run, scores, self._steps.get(run, 0))
            self._send(run)
        status = "FINISHED" if event.status == "done" else "FAILED"
        self._client().set_terminated(own, status)

    @_untroubled
    def _finish(self, event: RunFinished) -> None:
        status = "FAILED" if event.failed or event.blocked else "FINISHED"
        client = self._client()
        for run in {*self._runs.values(), self._parent}:
            self._send(run)
            if client.get_run(run).info.status == "RUNNING":
                client.set_terminated(run, status)

    def _create(self, name: str, tags: Mapping[str, str]) -> str:
        run = self._client().create_run(
            self._experiment, run_name=name, tags=dict(tags)
        )
        return str(run.info.run_id)

    def _note(self, run: str, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._waiting.setdefault(run, []).extend(
            Metric(name, value, now, step) for name, value in values.items()
        )

    def _send(self, run: str) -> None:
        points = self._waiting.pop(run, [])
        for start in range(0, len(points), _BATCH):
            self._log(run, metrics=points[start : start + _BATCH])

    def _log(
        self,
        run: str,
        *,
        params: Mapping[str, str] | None = None,
        metrics: Any = (),  # noqa: ANN401 # mlflow's own
    ) -> None:
        from mlflow.entities import Param

        written = [Param(name, value[:500]) for name, value in (params or {}).items()]
        self._client().log_batch(run, metrics=list(metrics), params=written)

    def _client(self) -> MlflowClient:
        if self._opened is None:
            from mlflow import MlflowClient

            self._opened = MlflowClient(tracking_uri=self.uri)
        return self._opened
