"""What a training run reports while it goes on, and the curve it leaves."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from harness import TrainingError
from harness.events import TrainStep
from harness_torch.training.state import State

_RECENT = 10
_CURVE_POINTS = 300
_EXPLODED = 10


class StepOutcome(NamedTuple):
    """One optimiser step: mean loss, learning rate, and what it processed."""

    loss: float
    learning_rate: float
    examples: int
    tokens: int


class Meter:
    """Keeps a run's losses and tells a listener of every step."""

    def __init__(self, steps: int, on_step: Callable[[TrainStep], None]) -> None:
        self._planned = steps
        self._on_step = on_step
        self._outcomes: list[StepOutcome] = []
        self._started = time.perf_counter()
        self._times = deque([self._started], maxlen=_RECENT + 1)

    def record(self, outcome: StepOutcome) -> None:
        """Take in a finished step."""
        self._outcomes.append(outcome)
        self._times.append(time.perf_counter())
        recent = self._outcomes[1 - len(self._times) :]
        seconds = max(self._times[-1] - self._times[0], 1e-9)
        step = len(self._outcomes)
        self._on_step(
            TrainStep(
                step=step,
                steps=self._planned,
                loss=outcome.loss,
                learning_rate=outcome.learning_rate,
                examples_per_s=sum(one.examples for one in recent) / seconds,
                tokens_per_s=sum(one.tokens for one in recent) / seconds,
                seconds_left=(self._planned - step) * seconds / len(recent),
            )
        )

    def check_growth(self) -> None:
        """Refuse a loss that grew to many times what it was.

        Raises:
            TrainingError: it did, and did not fall again for some steps.
        """
        if len(self._outcomes) < 2 * _RECENT:
            return
        first, last = _mean(self._outcomes[:_RECENT]), _mean(self._outcomes[-_RECENT:])
        if last > _EXPLODED * max(first, 1.0):
            raise TrainingError(
                f"the loss exploded by step {len(self._outcomes)}: its mean over "
                f"{_RECENT} steps is {last:.4g}, expected less than {_EXPLODED} times "
                f"that of the first ({first:.4g}): lower learning_rate or clip"
            )

    def state(self) -> State:
        """Return every step's outcome, and the seconds so far."""
        rows = torch.tensor(self._outcomes, dtype=torch.float64).view(-1, 4)
        return State(tensors={"outcomes": rows}, facts={"seconds": self.seconds})

    def restore(self, state: State) -> None:
        """Take back what `state` returned; the pause does not count."""
        self._outcomes = [
            StepOutcome(loss, rate, int(examples), int(tokens))
            for loss, rate, examples, tokens in state.tensors["outcomes"].tolist()
        ]
        now = time.perf_counter()
        self._started = now - state.facts["seconds"]
        self._times = deque([now], maxlen=_RECENT + 1)

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of the run, whatever processes it took."""
        return time.perf_counter() - self._started

    @property
    def steps(self) -> int:
        """Steps taken."""
        return len(self._outcomes)

    @property
    def examples(self) -> int:
        """Examples processed, epochs counted."""
        return sum(outcome.examples for outcome in self._outcomes)

    @property
    def tokens(self) -> int:
        """Tokens processed, epochs counted."""
        return sum(outcome.tokens for outcome in self._outcomes)

    @property
    def final_loss(self) -> float:
        """Mean loss over the last tenth of the steps."""
        return _mean(self._outcomes[-max(1, len(self._outcomes) // 10) :])

    @property
    def curve(self) -> tuple[tuple[int, float, float], ...]:
        """(step, loss, learning rate), thinned evenly; the last step is there."""
        every = -(-len(self._outcomes) // _CURVE_POINTS) or 1
        steps = range(len(self._outcomes), 0, -every)
        rows = [(n, self._outcomes[n - 1]) for n in reversed(steps)]
        return tuple((n, one.loss, one.learning_rate) for n, one in rows)


def _mean(outcomes: Sequence[StepOutcome]) -> float:
    return sum(outcome.loss for outcome in outcomes) / len(outcomes)
