"""One train cell: examples, targets, a recipe, a checkpoint."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from harness import ranks
from harness.engine import Engine, first_budget
from harness.errors import CheckpointError, PluginError
from harness.events import TrainStep
from harness.holding import empty
from harness.measure import peak_memory_bytes, start_peak_memory
from harness.model import Adapter, Trainable
from harness.plan import TrainCell
from harness.plan.learning import lesson_of
from harness.recipe import TrainJob
from harness.requests import Answer
from harness.runner import Tools, ask_about, trained_name
from harness.scoring import selection_score
from harness.task import Example


class _NoCache:
    """Remembers nothing: while a model trains, its answers change."""

    def find(self, keys: Sequence[str]) -> Mapping[str, Answer]:
        return {}

    def add(self, answers: Mapping[str, Answer]) -> None:
        pass


def train(
    cell: TrainCell, tools: Tools, on_step: Callable[[TrainStep], None]
) -> dict[str, Any]:
    """Train a checkpoint into its folder, which appears only when it is whole.

    The scratch folder is there, and held by this process.

    Returns:
        The recipe's report as JSON, with the peak memory in bytes, the score on the
        selection slice (None where there is none) and the checkpoint's fingerprint.

    Raises:
        HarnessError: the model, the data or the recipe can't do it.
    """
    tools.models.release()
    scratch = scratch_of(cell, tools.checkpoints)
    with ranks.together(), _folder(scratch) as folder:
        job = _job(cell, folder, scratch, on_step, partial(_select, cell, tools))
        start_peak_memory(cell.load.device)
        report = cell.recipe.run(job)
        score = job.select_score() if job.select_score else -math.inf
        publish(folder, tools.checkpoints / cell.fingerprint)
    return asdict(report) | {
        "peak_memory_bytes": peak_memory_bytes(cell.load.device),
        "selection_score": score if math.isfinite(score) else None,
        "checkpoint": cell.entry.describe(
            trained_name(cell, tools.checkpoints)
        ).fingerprint,
    }


def follow(cells: Iterable[TrainCell], checkpoints: Path) -> None:
    """Train along with the first process, cell by cell as it tells, until it ends.

    Raises:
        PluginError: it tells of a cell that is not planned here.
        PeerError: it is gone.
    """
    known = {cell.fingerprint: cell for cell in cells}
    while told := ranks.tell(""):
        if told not in known:
            raise PluginError(
                f"the first process trains {told}, which is not planned here: give all "
                "processes the same command and data"
            )
        # The first process has been told, and keeps the failure from the other cells.
        with suppress(Exception):
            _train_along(known[told], checkpoints)


def _train_along(cell: TrainCell, checkpoints: Path) -> None:
    with ranks.together(), tempfile.TemporaryDirectory() as folder:
        scratch = scratch_of(cell, checkpoints)
        job = _job(cell, Path(folder), scratch, lambda _: None, _leave_to_first)
        cell.recipe.run(job)


def _job(
    cell: TrainCell,
    folder: Path,
    scratch: Path,
    on_step: Callable[[TrainStep], None],
    scorer: Callable[[Trainable, Sequence[Example]], Callable[[], float]],
) -> TrainJob:
    """Load the model and the examples."""
    model = cell.entry.load(cell.model, cell.load)
    if not isinstance(model, Trainable):
        raise PluginError(
            f"{cell.model} is declared trainable, but {type(model).__name__} lacks a "
            "method of Trainable: add it, or declare no trainable heads"
        )
    chosen, selection = lesson_of(cell)
    return TrainJob(
        model=model,
        head=cell.formulation.head,
        examples=[t for e in chosen for t in cell.formulation.target(e)],
        settings=cell.settings,
        seed=cell.seed,
        load=cell.load,
        folder=folder,
        scratch=scratch / "snapshots",
        on_step=on_step,
        select_score=scorer(model, selection) if selection else None,
    )


def is_whole(
    cell: TrainCell, checkpoints: Path, report: Mapping[str, Any] | None
) -> bool:
    """Tell whether a cell's checkpoint is there, as it was when it was trained."""
    if report is None:
        return False
    try:
        card = cell.entry.describe(trained_name(cell, checkpoints))
    except CheckpointError:
        return False
    return bool(card.fingerprint == report.get("checkpoint"))


def clear(cell: TrainCell, checkpoints: Path) -> None:
    """Remove what was kept to go on with a cell's training, which is recorded now."""
    empty(scratch_of(cell, checkpoints))


def scratch_of(cell: TrainCell, checkpoints: Path) -> Path:
    """Return the hidden folder of what it takes to go on with a cell's training."""
    return checkpoints / f".{cell.fingerprint}"


@contextmanager
def _folder(scratch: Path) -> Iterator[Path]:
    """Make a new folder, which goes unless it is moved away."""
    with tempfile.TemporaryDirectory(dir=scratch) as own:
        folder = Path(own) / "checkpoint"
        folder.mkdir()
        yield folder


def publish(folder: Path, place: Path) -> None:
    """Move a finished folder to its place; one that is there already is replaced.

    The old one moves beside the new one, so that no moment shows half a folder.
    """
    try:
        folder.rename(place)
    except OSError:  # it is there
        place.rename(folder.with_name("replaced"))
        folder.rename(place)


def _leave_to_first(
    model: Trainable, selection: Sequence[Example]
) -> Callable[[], float]:
    def select_score() -> float:
        raise PluginError("only the first process scores: ask harness.ranks.is_first")

    return select_score


def _select(
    cell: TrainCell, tools: Tools, model: Trainable, selection: Sequence[Example]
) -> Callable[[], float]:
    if not isinstance(model, Adapter):
        raise PluginError(
            f"{cell.model} can't be asked while it trains, which select=best needs: "
            "implement Adapter beside Trainable, or set select=last"
        )

    def select_score() -> float:
        engine = Engine(model, _NoCache(), first_budget(model, tools.batch_tokens))
        predictions = ask_about(cell.formulation, selection, engine)
        return selection_score(cell.task, tools.plugins, predictions, selection)

    return select_score
