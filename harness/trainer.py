"""One train cell: examples, targets, a recipe, a checkpoint."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.engine import Engine
from harness.errors import CheckpointError, PluginError
from harness.events import TrainStep
from harness.measure import peak_memory_bytes, start_peak_memory
from harness.model import Adapter, Budget, Trainable
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

    Returns:
        The recipe's report as JSON, with the peak memory in bytes and the
        checkpoint's fingerprint.

    Raises:
        HarnessError: the model, the data or the recipe can't do it.
    """
    tools.models.release()
    model = cell.entry.load(cell.model, cell.load)
    if not isinstance(model, Trainable):
        raise PluginError(
            f"{cell.model} is declared trainable, but {type(model).__name__} lacks a "
            "method of Trainable: add it, or declare no trainable heads"
        )
    chosen, selection = lesson_of(cell)
    start_peak_memory(cell.load.device)
    with _scratch(cell, tools.checkpoints) as scratch, _folder(scratch) as folder:
        job = TrainJob(
            model=model,
            head=cell.formulation.head,
            examples=[t for e in chosen for t in cell.formulation.target(e)],
            settings=cell.settings,
            seed=cell.seed,
            load=cell.load,
            folder=folder,
            scratch=scratch / "snapshots",
            on_step=on_step,
            select_score=_select(cell, tools, model, selection) if selection else None,
        )
        report = cell.recipe.run(job)
        publish(folder, tools.checkpoints / cell.fingerprint)
    return asdict(report) | {
        "peak_memory_bytes": peak_memory_bytes(cell.load.device),
        "checkpoint": cell.entry.describe(
            trained_name(cell, tools.checkpoints)
        ).fingerprint,
    }


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
    shutil.rmtree(_scratch_place(cell, checkpoints), ignore_errors=True)


@contextmanager
def _scratch(cell: TrainCell, checkpoints: Path) -> Iterator[Path]:
    """Make a cell's scratch folder; it stays while there is something in it."""
    place = _scratch_place(cell, checkpoints)
    place.mkdir(parents=True, exist_ok=True)
    try:
        yield place
    finally:
        with suppress(OSError):
            place.rmdir()


def _scratch_place(cell: TrainCell, checkpoints: Path) -> Path:
    return checkpoints / f".{cell.fingerprint}"


@contextmanager
def _folder(scratch: Path) -> Iterator[Path]:
    """Make a new folder, which goes unless it is moved away."""
    # Another process that trains the same cell may have removed the scratch folder.
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as own:
        folder = Path(own) / "checkpoint"
        folder.mkdir()
        yield folder


def publish(folder: Path, place: Path) -> None:
    """Move a finished folder to its place; one that is there already is replaced.

    The old one moves beside the new one, so that no moment shows half a folder.
    """
    try:
        folder.rename(place)
    except OSError:  # it is there, perhaps since a moment ago by another process
        place.rename(folder.with_name("replaced"))
        folder.rename(place)


def _select(
    cell: TrainCell, tools: Tools, model: Trainable, selection: Sequence[Example]
) -> Callable[[], float]:
    if not isinstance(model, Adapter):
        raise PluginError(
            f"{cell.model} can't be asked while it trains, which select=best needs: "
            "implement Adapter beside Trainable, or set select=last"
        )

    def select_score() -> float:
        engine = Engine(model, _NoCache(), Budget(tokens=tools.batch_tokens))
        predictions = ask_about(cell.formulation, selection, engine)
        return selection_score(cell.task, tools.plugins, predictions, selection)

    return select_score
