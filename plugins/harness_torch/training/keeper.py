"""Which weights of a training run are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import nn


class Keeper:
    """Keeps a copy of the weights that scored highest."""

    def __init__(
        self, parameters: Sequence[nn.Parameter], score: Callable[[], float] | None
    ) -> None:
        self.step = 0
        self._parameters = parameters
        self._score = score
        self._best = -math.inf
        self._weights: list[torch.Tensor] = []

    def consider(self, step: int) -> None:
        """Score the weights as they stand; the earlier of two equals stays."""
        score = math.inf if self._score is None else self._score()
        if self._score is None:
            self.step = step
        elif score > self._best or not self._weights:
            self._best = -math.inf if math.isnan(score) else score
            self._weights = [p.detach().to("cpu", copy=True) for p in self._parameters]
            self.step = step

    def restore(self) -> None:
        """Put the kept weights back."""
        with torch.no_grad():
            for parameter, kept in zip(self._parameters, self._weights, strict=False):
                parameter.copy_(kept)
