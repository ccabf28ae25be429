"""Which weights of a training run are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import nn

from harness.ranks import is_first, tell
from harness_torch.training.state import State


class Keeper:
    """Keeps a copy of the weights that scored highest.

    Args:
        parameters: what is kept.
        score: scores the weights as they stand; None keeps the last ones.
        patience: evaluations without a better score after which it is enough; None
            where it never is.

    Attributes:
        step: the step whose weights are kept.
    """

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        score: Callable[[], float] | None,
        patience: int | None = None,
    ) -> None:
        self.step = 0
        self._patience = patience
        self._in_vain = 0
        self._parameters = parameters
        self._score = score
        self._best = -math.inf
        self._weights: dict[str, torch.Tensor] = {}

    def consider(self, step: int) -> None:
        """Score the weights as they stand; the earlier of two equals stays."""
        if self._score is None:
            self.step = step
            return
        own = self._score() if is_first() else math.nan
        score = float(tell(repr(own)))
        self._in_vain += 1
        if score > self._best or not self._weights:
            self._best = -math.inf if math.isnan(score) else score
            self._weights = {
                name: parameter.detach().to("cpu", copy=True)
                for name, parameter in self._parameters.items()
            }
            self.step = step
            self._in_vain = 0

    @property
    def is_enough(self) -> bool:
        """Whether the score did not rise for as long as patience lasts."""
        return self._patience is not None and self._in_vain >= self._patience

    def put_back(self) -> None:
        """Give the parameters the weights that were kept."""
        with torch.no_grad():
            for name, kept in self._weights.items():
                self._parameters[name].copy_(kept)

    def state(self) -> State:
        """Return the best weights with their score."""
        facts = {"step": self.step, "best": self._best, "in_vain": self._in_vain}
        return State(tensors=self._weights, facts=facts)

    def restore(self, state: State) -> None:
        """Take back what `state` returned."""
        self._weights = dict(state.tensors)
        self.step = state.facts["step"]
        self._best = state.facts["best"]
        self._in_vain = state.facts["in_vain"]
