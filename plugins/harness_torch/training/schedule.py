"""How long a training run is, what each step holds, and its learning rate. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from harness_torch.training.settings import ScheduleShape, count_steps

_STEPS_WITHOUT_WARMUP = 10_000
"""What the inverse square root is scaled by where no warm-up says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The steps of a run.

    Attributes:
        examples: how many there are to train on.
        batch_size: examples in a step; an epoch's last step may hold fewer.
        epochs: how often every example is seen; a fraction ends within an epoch.
        warmup: share of the steps over which the learning rate rises from 0.
        shape: what it does then, see `LoopSettings.schedule`.
    """

    examples: int
    batch_size: int
    epochs: float
    warmup: float
    shape: ScheduleShape = "linear"

    @property
    def steps_per_epoch(self) -> int:
        """Steps in a whole epoch."""
        return math.ceil(self.examples / self.batch_size)

    @property
    def steps(self) -> int:
        """Steps in the run."""
        return count_steps(
            self.examples, batch_size=self.batch_size, epochs=self.epochs
        )

    @property
    def warm_steps(self) -> int:
        """Steps of the warm-up."""
        return math.ceil(self.warmup * self.steps)

    def ends_stretch(self, step: int, epochs: float) -> bool:
        """Tell whether a stretch of so many epochs, or the run, ends with this step."""
        length = epochs * self.steps_per_epoch
        return step // length > (step - 1) // length or step == self.steps

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 1, as a share of the peak.

        The same as `get_scheduler` of transformers: the first step of a warm-up has
        the rate 0.
        """
        done, warm = step - 1, self.warm_steps
        if done < warm:
            return done / warm
        gone = (done - warm) / max(1, self.steps - warm)
        match self.shape:
            case "cosine":
                return 0.5 * (1 + math.cos(math.pi * gone))
            case "constant":
                return 1.0
            case "inverse-sqrt":
                scale = warm or _STEPS_WITHOUT_WARMUP
                return math.sqrt(scale / (done + scale - warm))
        return 1 - gone

    def order(self, seed: int) -> Iterator[list[int]]:
        """Yield the examples of each step, shuffled anew every epoch."""
        generator = torch.Generator().manual_seed(seed)
        left = self.steps
        while left:
            places = torch.randperm(self.examples, generator=generator).tolist()
            for start in range(0, self.examples, self.batch_size):
                yield places[start : start + self.batch_size]
                left -= 1
                if not left:
                    return
