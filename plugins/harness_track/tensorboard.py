"""TensorBoard: a folder a cell, with curves, settings and scores.

The folder is ``PLACE/RUN/CELL``; the scores of a trained checkpoint stand in the folder
of its training, so that TensorBoard draws both in one colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
    from torch.utils.tensorboard.writer import SummaryWriter


class TensorBoard:
    """Writes what a run tells into TensorBoard files."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._folder = place
        self._names: dict[str, str] = {}
        self._steps: dict[str, int] = {}
        self._open: tuple[str, SummaryWriter] | None = None

    @hookimpl
    def harness_run_started(self, event: RunStarted) -> None:
        """Note where the run's folders go."""
        self._folder = self._place / event.run_id

    @hookimpl
    def harness_cell_started(self, event: CellStarted) -> None:
        """Write what the cell is made of."""
        self._names[event.fingerprint] = cell_name(event)
        if event.kind == "train":
            lines = [f"| {name} | {value} |" for name, value in event.facts.items()]
            table = "\n".join(["| setting | value |", "|---|---|", *lines])
            self._writer(event.fingerprint).add_text("settings", table)

    @hookimpl
    def harness_train_step(self, event: TrainStep) -> None:
        """Write a point of every curve."""
        writer = self._writer(event.fingerprint)
        self._steps[event.fingerprint] = event.step
        for name in CURVES:
            value = getattr(event, name)
            writer.add_scalar(f"training/{name}", value, event.step)

    @hookimpl
    def harness_cell_finished(self, event: CellFinished) -> None:
        """Write the scores, at the last step of the training behind them."""
        if not event.scores:
            return
        cell = self._known(event.trained) or event.fingerprint
        self._names.setdefault(cell, event.fingerprint[:8])
        for name, value in event.scores.items():
            tag = f"score/{metric_name(name)}"
            self._writer(cell).add_scalar(tag, value, self._steps.get(cell, 0))

    @hookimpl
    def harness_run_finished(self, event: RunFinished) -> None:
        """Close the last file."""
        self._close()

    def _known(self, trained: str | None) -> str | None:
        """Return the train cell, if it was trained in this run."""
        return trained if trained in self._names else None

    def _writer(self, fingerprint: str) -> SummaryWriter:
        """Return the cell's writer; one is open at a time, for any number of cells."""
        from torch.utils.tensorboard.writer import SummaryWriter

        if self._open is None or self._open[0] != fingerprint:
            self._close()
            folder = self._folder / self._names[fingerprint]
            self._open = fingerprint, SummaryWriter(str(folder))
        return self._open[1]

    def _close(self) -> None:
        if self._open:
            self._open[1].close()
            self._open = None
