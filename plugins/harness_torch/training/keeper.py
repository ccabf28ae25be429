"""Which weights of a training run are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import nn

from harness_torch.training.state import State


class Keeper:
    """Keeps a copy of the weights that scored highest."""

    def __init__(
        self, parameters: Mapping[str, nn.Parameter], score: Callable[[], float] | None
    ) -> None:
        self.step = 0
        self._parameters = parameters
        self._score = score
        self._best = -math.inf
        self._weights: dict[str, torch.Tensor] = {}

    def consider(self, step: int) -> None:
        """Score the weights as they stand; the earlier of two equals stays."""
        if self._score is None:
            self.step = step
            return
        score = self._score()
        if score > self._best or not self._weights:
            self._best = -math.inf if math.isnan(score) else score
            self._weights = {
                name: parameter.detach().to("cpu", copy=True)
                for name, parameter in self._parameters.items()
            }
            self.step = step

    def put_back(self) -> None:
        """Give the parameters the weights that were kept."""
        with torch.no_grad():
            for name, kept in self._weights.items():
                self._parameters[name].copy_(kept)

    def state(self) -> State:
        """Return the best weights with their score."""
        return State(
            tensors=self._weights, facts={"step": self.step, "best": self._best}
        )

    def restore(self, state: State) -> None:
        """Take back what `state` returned."""
        self._weights = dict(state.tensors)
        self.step = state.facts["step"]
        self._best = state.facts["best"]
