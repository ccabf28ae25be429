"""Bottleneck adapters: a small detour behind a layer, which begins as nothing."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness_torch.activations import ACTIVATIONS


class Bottleneck(nn.Module):
    """A layer, and what is added to its output: down to few units and up again.

    Houlsby et al. 2019, https://arxiv.org/abs/1902.00751, section 2.1. It stands behind
    the last layer of a sublayer, before the residual is added; the paper's stands
    behind the dropout there. The way up begins as zero, so the model begins as it was.

    Args:
        layer: what it stands behind.
        width: what the layer maps to.
        units: how narrow it is.
        activation: a name of `harness_torch.activations`.
    """

    def __init__(
        self, layer: nn.Module, *, width: int, units: int, activation: str
    ) -> None:
        super().__init__()
        self.base_layer = layer
        self.adapter_down = nn.Linear(width, units)
        self.adapter_up = nn.Linear(units, width)
        self.activation = ACTIVATIONS[activation]

    @property
    def weight(self) -> Tensor:
        """The layer's own, which some models ask for its precision."""
        weight: Tensor = self.base_layer.weight  # type: ignore[assignment] # a layer's
        return weight

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the way down; the way up is zero."""
        spread = self.adapter_down.in_features**-0.5
        nn.init.normal_(self.adapter_down.weight, std=spread, generator=generator)
        for zero in (
            self.adapter_down.bias,
            self.adapter_up.weight,
            self.adapter_up.bias,
        ):
            nn.init.zeros_(zero)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(..., width)``."""
        made: Tensor = self.base_layer(hidden)
        inner = self.activation(self.adapter_down(made))
        detour: Tensor = self.adapter_up(inner)
        return made + detour


def width_of(layer: nn.Module) -> int:
    """Return what a linear layer maps to."""
    width: int = getattr(layer, "out_features", None) or layer.nf  # type: ignore[assignment] # a Conv1D's
    return width
