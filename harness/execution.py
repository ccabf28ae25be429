"""Carry out a plan: skip what the store holds, keep what fails apart, tell listeners."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import ranks
from harness.choosing import choose_best
from harness.commands import cell_command
from harness.errors import HarnessError
from harness.events import RunFinished
from harness.executors import ExecutorEntry
from harness.holding import held
from harness.ledger import is_within
from harness.listeners import Announcer
from harness.measure import environment
from harness.plan import EvaluateCell, Job, Plan, TrainCell, once_unaskable
from harness.plugins import Plugins
from harness.results import CellResult, ResultStatus
from harness.runner import (
    ModelPool,
    Tools,
    blank_result,
    evaluate,
    trained_name,
    unaskable_result,
)
from harness.store import RunRecord, Store, TrainingRecord
from harness.trainer import clear, is_whole, scratch_of, train


@dataclass(slots=True, kw_only=True)
class _Failure:
    """Why a cell failed; empty while all is well."""

    reason: str | None = None
    trace: str = ""


@dataclass(kw_only=True)
class Execution:
    """One run of a plan.

    Attributes:
        plan: what to do.
        plugins: what to do it with, and who listens.
        store: where results go.
        checkpoints: where trained checkpoints go.
        command: what repeats the run.
        id: the run's own id.
    """

    plan: Plan
    plugins: Plugins
    store: Store
    checkpoints: Path
    command: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def run(self, executor: ExecutorEntry) -> RunFinished:
        """Carry out every cell that is not in the store yet."""
        fingerprints = self.plan.fingerprints
        self._environment = environment(self.plan.device)
        self._tools = Tools(
            plugins=self.plugins,
            store=self.store,
            models=ModelPool(),
            checkpoints=self.checkpoints,
            batch_tokens=self.plan.batch_tokens,
        )
        self._done = self._find_done(fingerprints)
        cells = len(self.plan.cells)
        self._announce = Announcer(self.plugins.hook, self.id, cells)
        self._record(fingerprints)
        self._record_unaskable()
        self._announce.run_started(
            cached=len(self._done), title=self.plan.title, command=self.command
        )
        with ranks.joined():
            for _ in executor.run(self._work, self.plan.jobs):
                pass
            ranks.tell("")  # that is the end
        self.store.finish_run(self.id, _now())
        return self._announce.run_finished()

    def _find_done(self, fingerprints: list[str]) -> set[str]:
        """Return what is done, without cells of which more was cut than is allowed."""
        statuses = self.store.statuses(fingerprints)
        done = {mark for mark, status in statuses.items() if status == "done"}
        strict = {
            cell.fingerprint: cell
            for cell in self.plan.cells
            if cell.max_truncated < 1 and cell.fingerprint in done
        }
        for result in self.store.results(list(strict)) if strict else ():
            cell = strict[result.fingerprint]
            examples = result.cost.examples or cell.size
            if not is_within(result.caveats, examples, cell.max_truncated):
                done.remove(result.fingerprint)
        return done

    def _record(self, fingerprints: list[str]) -> None:
        record = RunRecord(
            id=self.id,
            started=_now(),
            title=self.plan.title,
            command=self.command,
            environment=self._environment,
            cells=fingerprints,
        )
        self.store.start_run(record)

    def _record_unaskable(self) -> None:
        """Record what can't be asked, and forget that what now can once could not."""
        cells = self.plan.cells
        self.store.forget([mark for cell in cells for mark in once_unaskable(cell)])
        for unaskable in self.plan.unaskable:
            result = unaskable_result(unaskable)
            self.store.save_cell(result, run=self.id, finished=_now())

    # Jobs

    def _work(self, job: Job) -> None:
        missing = [c for c in job.evaluates if c.fingerprint not in self._done]
        for cell in job.evaluates:
            if cell.fingerprint in self._done:
                self._announce.finished(cell, "cached")
        if not missing:
            return
        failed = self._train_all(job.trains)
        for cell in missing:
            if failed:
                why = _Failure(reason=f"its training failed: {failed}")
                self._give_up(cell, "blocked", why)
            else:
                self._evaluate(cell)

    def _train_all(self, cells: Sequence[TrainCell]) -> str | None:
        """Train all of a job; return why, if nothing came of it."""
        reasons = [self._train(cell) for cell in cells]
        failures = [reason for reason in reasons if reason is not None]
        if not cells or len(failures) < len(cells):
            return None
        return "; ".join(dict.fromkeys(failures))

    def _train(self, cell: TrainCell) -> str | None:
        """Train unless the checkpoint is whole; return why it failed, if it did."""
        with _watched() as failure:
            if self._is_trained(cell):
                return None
            with held(scratch_of(cell, self.checkpoints)):
                # another process may have held it until now
                return None if self._is_trained(cell) else self._train_alone(cell)
        return failure.reason

    def _is_trained(self, cell: TrainCell) -> bool:
        known = self.store.training(cell.fingerprint)
        return is_whole(cell, self.checkpoints, known)

    def _train_alone(self, cell: TrainCell) -> str | None:
        report: dict[str, Any] = {}
        with _watched() as failure:
            self._announce.started(cell, "train")
            ranks.tell(cell.fingerprint)
            report = train(cell, self._tools, self._announce.train_steps(cell))
        record = TrainingRecord(
            fingerprint=cell.fingerprint,
            task=cell.task.id,
            model=str(cell.model),
            status="failed" if failure.reason else "done",
            reason=failure.reason,
            report=report,
        )
        self.store.save_training(record, run=self.id, finished=_now())
        if failure.reason is None:
            clear(cell, self.checkpoints)
        return failure.reason

    def _evaluate(self, planned: EvaluateCell) -> None:
        cell = choose_best(planned, self.store.training).cell
        self._announce.started(cell, "evaluate")
        result = None
        with _watched() as failure:
            result = self._result(cell)
        if result is None:
            self._give_up(cell, "failed", failure)
        else:
            self._announce.finished(
                cell, "done", score=result.score, scores=result.scores
            )

    def _result(self, cell: EvaluateCell) -> CellResult:
        """Evaluate a cell and store it; what can't be stored fails as the cell does."""
        evaluated = evaluate(cell, self._tools, self._announce.batches(cell))
        result = self._with_training(evaluated.result, cell)
        self.store.save_cell(
            replace(result, provenance=self._provenance(cell)),
            run=self.id,
            finished=_now(),
            predictions=evaluated.predictions,
        )
        return result

    def _with_training(self, result: CellResult, cell: EvaluateCell) -> CellResult:
        report = self.store.training(cell.train.fingerprint) if cell.train else None
        if not report:
            return result
        peaks = [result.cost.peak_memory_bytes, report["peak_memory_bytes"]]
        cost = replace(
            result.cost,
            train_seconds=report["seconds"],
            trained_parameters=report["trainable_parameters"],
            peak_memory_bytes=max((peak for peak in peaks if peak), default=None),
        )
        curve = tuple((int(s), x, rate) for s, x, rate in report["curve"])
        return replace(result, cost=cost, curve=curve)

    def _give_up(
        self, cell: EvaluateCell, status: ResultStatus, failure: _Failure
    ) -> None:
        provenance = self._provenance(cell)
        if failure.trace:
            provenance["traceback"] = failure.trace
        result = replace(
            blank_result(cell),
            status=status,
            reason=failure.reason,
            provenance=provenance,
        )
        self.store.save_cell(result, run=self.id, finished=_now())
        self._announce.finished(cell, status, reason=failure.reason)

    def _provenance(self, cell: EvaluateCell) -> dict[str, str]:
        found = {
            "data": cell.split.origin,
            "data_hash": cell.split.content_hash,
            "run": self.id,
            "date": _now(),
            "command": cell_command(cell, self.plugins.arguments),
        }
        if cell.card:
            found["base_weights"] = cell.card.fingerprint
            found |= {f"model_{k}": value for k, value in cell.card.facts.items()}
        if cell.train:
            found["trained_on"] = cell.train.split.origin
            found["trained_on_hash"] = cell.train.split.content_hash
            if cell.train.selection:
                found["selected_on"] = cell.train.selection.origin
            found["settings"] = ", ".join(
                f"{name}={value}" for name, value in asdict(cell.train.settings).items()
            )
            found["checkpoint"] = trained_name(cell.train, self.checkpoints).checkpoint
            if cell.candidates:
                found["chosen"] = choose_best(cell, self.store.training).told
            found |= _came_of(self.store.training(cell.train.fingerprint) or {})
        return found | self._environment


def _came_of(report: Mapping[str, Any]) -> dict[str, str]:
    """Say how much a training changed, and what it went through if anything."""
    trained = report.get("trainable_parameters")
    found = {} if trained is None else {"trained_parameters": f"{trained:,}"}
    resumed = report.get("resumed", 0)
    notes = [f"resumed from snapshots: {resumed}"] if resumed else []
    notes += report.get("notes", ())
    return found | ({"training": "; ".join(notes)} if notes else {})


@contextmanager
def _watched() -> Iterator[_Failure]:
    """Keep a cell's failure from the other cells; the traceback goes to the store."""
    failure = _Failure()
    try:
        yield failure
    except HarnessError as error:
        failure.reason = str(error)
    except Exception as error:  # noqa: BLE001 # a plugin may raise anything here
        failure.reason = f"{type(error).__name__}: {error}"
        failure.trace = traceback.format_exc()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
