"""Scores of a file of predictions: no model, the same metrics and intervals."""

from __future__ import annotations

import hashlib
import shlex
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data import Split, load_split, open_source
from harness.errors import DataError
from harness.measure import environment
from harness.metric import signature
from harness.plan import fingerprint
from harness.predictions import ReadPredictions, read_predictions
from harness.results import Caveats, CellResult
from harness.scoring import Scored, confusion, score_task
from harness.task import Example, Task

if TYPE_CHECKING:
    from harness.plugins import Plugins


@dataclass(frozen=True, slots=True, kw_only=True)
class FileScores:
    """What a file of predictions scores.

    Attributes:
        path: the file.
        task: what was predicted.
        data: the source of the examples, as ``--data`` takes it.
        split: the examples' split.
        examples: the split's examples, in order.
        companions: the files beside it.
        read: the predictions, with the format that they were read in.
        scored: every metric of the task with its interval.
    """

    path: Path
    task: Task
    data: str
    split: Split
    examples: Sequence[Example]
    companions: Sequence[Path]
    read: ReadPredictions
    scored: Scored

    @property
    def command(self) -> str:
        """The command that scores the file again."""
        words = ["harness", "score", self.task.id, str(self.path), "--data", self.data]
        words += ["--split", self.split.name, "--format", self.read.format]
        words += [word for path in self.companions for word in ("--beside", str(path))]
        return shlex.join(words)


def score_file(
    plugins: Plugins,
    task: Task,
    path: Path,
    *,
    data: str,
    split: str | None = None,
    file_format: str | None = None,
    companions: Sequence[Path] = (),
) -> FileScores:
    """Score a file of predictions for a whole split.

    Args:
        plugins: makes the metrics and opens the data.
        task: what was predicted.
        path: the file.
        data: the source of the examples, as ``--data`` takes it.
        split: the split, or its role; the task's evaluated one by default.
        file_format: one of `harness.predictions.FORMATS`, recognised by default.
        companions: further files of the task, such as no-answer probabilities.

    Raises:
        UsageError: a name is unknown.
        DataError: the data has no labels, or the file is not what it should be.
    """
    source = open_source(data, plugins.data_sources)
    loaded = load_split(task, source, task.data.split(split or "evaluate"))
    if not loaded.is_labelled:
        raise DataError(
            f"{loaded.origin} has no labels, so nothing can be scored: name a labelled "
            "split with --split, or other data with --data"
        )
    examples = list(loaded)
    read = read_predictions(path, task, examples, file_format, companions)
    return FileScores(
        path=path,
        task=task,
        data=data,
        split=loaded,
        examples=examples,
        companions=companions,
        read=read,
        scored=score_task(task, plugins, read.predictions, examples),
    )


def store_scores(
    found: FileScores, plugins: Plugins, place: str, *, model: str
) -> None:
    """Keep the scores and predictions in a store, as a run of one cell.

    Args:
        found: what the file scores.
        plugins: makes the metrics.
        place: a file for SQLite, or a SQLAlchemy URL.
        model: the name of its row, such as ``file:predictions.jsonl``.

    Raises:
        StoreError: the store can't be written.
    """
    from harness.store import RunRecord, Store

    run, now = uuid.uuid4().hex[:12], datetime.now(UTC).isoformat(timespec="seconds")
    result = _result(found, plugins, model, {"run": run, "date": now})
    store = Store(place)
    try:
        store.start_run(
            RunRecord(
                id=run,
                started=now,
                title="leaderboard",
                command=found.command,
                environment=environment("cpu"),
                cells=[result.fingerprint],
            )
        )
        pairs = zip(found.examples, found.read.predictions, strict=True)
        store.save_cell(result, run=run, finished=now, predictions=pairs)
        store.finish_run(run, now)
    finally:
        store.close()


def _result(
    found: FileScores, plugins: Plugins, model: str, provenance: dict[str, str]
) -> CellResult:
    task, split = found.task, found.split
    predictions = found.read.predictions
    labels = task.problem.labels
    metrics = [signature(plugins.metric(spec, labels)) for spec in task.metrics]
    content = hashlib.sha256(found.path.read_bytes()).hexdigest()
    version, headline = f"{task.id}@{task.version}", found.scored.headline
    column = [version, split.name, split.content_hash[:16], "+".join(metrics), ""]
    return CellResult(
        fingerprint=fingerprint(
            kind="file",
            name=model,
            content=content,
            task=version,
            split=split.name,
            data=split.content_hash,
            metrics=metrics,
            headline=task.headline_metrics,
        ),
        model=model,
        is_baseline=False,
        task=task.id,
        task_title=task.title,
        task_version=task.version,
        metrics_column="|".join(column),
        split=split.name,
        regime="file",  # how its model learnt the task is not known
        scores=found.scored.scores,
        low=headline.low,
        high=headline.high,
        method=headline.method,
        caveats=Caveats(
            split_size=split.size,
            is_sample=split.is_sample,
            unparsable=sum(prediction.value is None for prediction in predictions),
            duplicates=split.duplicates,
        ),
        confusion=confusion(labels, predictions, found.examples),
        provenance={
            "data": split.origin,
            "data_hash": split.content_hash,
            "command": found.command,
            "predictions": f"{found.path.name}, sha256 {content}",
            **provenance,
        },
    )
