"""Measures what is held out at the end of each epoch."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from torch import nn

from harness import EpochFigures
from harness.events import TrainStep


class Watch:
    """Hears of every step, and measures where an epoch ends.

    Args:
        module: is in evaluation mode while it is measured.
        measure: measures what is held out, with the weights as they stand; None where
            nothing is.
        steps_per_epoch: steps in a whole epoch.
        on_step: is told of every step.
        on_epoch: is told of every epoch.
        memory: the file that keeps the figures of a run that was cut short.
    """

    def __init__(
        self,
        module: nn.Module,
        measure: Callable[[], dict[str, float]] | None,
        *,
        steps_per_epoch: int,
        on_step: Callable[[TrainStep], None],
        on_epoch: Callable[[EpochFigures], None],
        memory: Path,
    ) -> None:
        self.epochs = _remembered(memory)
        self._memory = memory
        self._step = 0
        self._module = module
        self._measure = measure
        self._steps_per_epoch = steps_per_epoch
        self._on_step = on_step
        self._on_epoch = on_epoch

    def hear(self, event: TrainStep) -> None:
        """Pass a step on, and measure where it ends an epoch or the run."""
        self._on_step(event)
        self._step = event.step
        if event.step % self._steps_per_epoch == 0 or event.step == event.steps:
            self._look()

    def score(self) -> float:
        """Return the held-out loss as it stands, turned so that higher is better."""
        if not self.epochs or self.epochs[-1].step != self._step:
            self._look()
        return -self.epochs[-1].loss if self.epochs else -math.inf

    def _look(self) -> None:
        if self._measure is None:
            return
        was_training = self._module.training
        self._module.eval()
        others = self._measure()
        self._module.train(was_training)
        figures = EpochFigures(
            step=self._step,
            epoch=self._step / self._steps_per_epoch,
            loss=others.pop("loss"),
            perplexity=others.pop("perplexity"),
            others=others,
        )
        before = [one for one in self.epochs if one.step < self._step]
        self.epochs = [*before, figures]
        self._memory.write_text(json.dumps([asdict(one) for one in self.epochs]))
        self._on_epoch(figures)


def _remembered(memory: Path) -> list[EpochFigures]:
    """Return the figures of a run that was cut short; half a file is none."""
    try:
        rows = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [EpochFigures(**row) for row in rows]
