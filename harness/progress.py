"""Show a run's progress: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from harness.hookspecs import hookimpl

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from harness.events import (
        BatchAnswered,
        CellFinished,
        CellStarted,
        RunFinished,
        RunStarted,
        TrainStep,
    )

HUGE = 1e6
"""A score from here on is written with an exponent."""
QUIET_S = 15.0
"""A plain log says something of a long cell this often."""


def listener(console: Console) -> LiveProgress | PlainProgress:
    """Return the listener that suits the console."""
    return LiveProgress(console) if console.is_terminal else PlainProgress(console)


def ending(event: CellFinished) -> str:
    """Say in a line how a cell ended."""
    score = "" if event.score is None else f"  {_number(event.score)}"
    reason = f": {event.reason}" if event.reason else ""
    word = {"done": "", "cached": "  in the store already"}.get(event.status)
    status = f"  {event.status}{reason}" if word is None else word
    seconds = f"  {event.seconds:.1f} s" if event.seconds else ""
    return f"{event.title}{score}{seconds}{status}"


def training(event: TrainStep) -> str:
    """Say in a line how far training is."""
    return (
        f"step {event.step}/{event.steps}  loss {event.loss:.3f}  "
        f"lr {event.learning_rate:.1e}  {event.examples_per_s:.0f} examples/s  "
        f"{event.tokens_per_s:.0f} tokens/s  {event.seconds_left:.0f} s left"
    )


def _number(score: float) -> str:
    """Write a score; a perplexity may be huge."""
    if math.isnan(score):
        return "undefined"
    return f"{score:.1f}" if abs(score) < HUGE else f"{score:.2e}"


class PlainProgress:
    """One line a cell, and one every `QUIET_S` seconds of a long cell."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._cells = 0
        self._ended = 0
        self._spoke = time.monotonic()

    @hookimpl
    def harness_run_started(self, event: RunStarted) -> None:
        """Note how many cells there are."""
        self._cells = event.cells
        self._say(
            f"run {event.run_id}: {event.cells} cells, {event.cached} in the store"
        )

    @hookimpl
    def harness_train_step(self, event: TrainStep) -> None:
        """Say how far training is, now and then."""
        if self._is_quiet():
            self._say(f"  {training(event)}")

    @hookimpl
    def harness_batch_answered(self, event: BatchAnswered) -> None:
        """Say how far answering is, now and then."""
        if self._is_quiet():
            left = f"{event.seconds_left:.0f} s left"
            self._say(f"  {event.done} of {event.requests} answered  {left}")

    @hookimpl
    def harness_cell_finished(self, event: CellFinished) -> None:
        """Say how the cell ended."""
        self._ended += 1
        self._say(f"[{self._ended}/{self._cells}] {ending(event)}")

    def _is_quiet(self) -> bool:
        return time.monotonic() - self._spoke > QUIET_S

    def _say(self, text: str) -> None:
        self._spoke = time.monotonic()
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveProgress:
    """Two bars: all cells, and the cell at hand; ended cells scroll above."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._all: TaskID | None = None
        self._cell: TaskID | None = None

    @hookimpl
    def harness_run_started(self, event: RunStarted) -> None:
        """Start the display."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._bars.start()
        self._all = self._bars.add_task("cells", total=event.cells, note="")

    @hookimpl
    def harness_cell_started(self, event: CellStarted) -> None:
        """Show a bar for the cell."""
        if self._bars:
            self._drop_cell()
            self._cell = self._bars.add_task(event.title, total=1, note="")

    @hookimpl
    def harness_train_step(self, event: TrainStep) -> None:
        """Move the cell's bar."""
        self._move(event.step, event.steps, training(event))

    @hookimpl
    def harness_batch_answered(self, event: BatchAnswered) -> None:
        """Move the cell's bar."""
        self._move(event.done, event.requests, f"{event.seconds_left:.0f} s left")

    @hookimpl
    def harness_cell_finished(self, event: CellFinished) -> None:
        """Print how the cell ended."""
        self._drop_cell()
        if self._bars and self._all is not None:
            self._bars.console.print(ending(event), markup=False, highlight=False)
            self._bars.advance(self._all)

    @hookimpl
    def harness_run_finished(self, event: RunFinished) -> None:
        """Take the display away."""
        self.stop()

    def stop(self) -> None:
        """Take the display away, also when the run broke off."""
        if self._bars:
            self._bars.stop()
            self._bars = None

    def _move(self, done: int, total: int, note: str) -> None:
        if self._bars and self._cell is not None:
            self._bars.update(self._cell, completed=done, total=total, note=note)

    def _drop_cell(self) -> None:
        if self._bars and self._cell is not None:
            self._bars.remove_task(self._cell)
            self._cell = None
