"""The optimiser that settings name, over parameters in groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from harness_torch.training.lamb import Lamb
from harness_torch.training.layers import rate_scales
from harness_torch.training.settings import LoopSettings


def make_optimizer(
    module: nn.Module, trained: Mapping[str, nn.Parameter], settings: LoopSettings
) -> torch.optim.Optimizer:
    """Return the optimiser of the trained parameters of a module.

    `set_rate` sets its learning rate.

    Raises:
        UsageError: layers are to learn at their own rates, but names tell none.
    """
    scales = rate_scales(
        (n for n, _ in module.named_parameters()), settings.layer_decay
    )
    groups = _groups(trained, scales, settings.weight_decay)
    match settings.optimizer:
        case "adafactor":
            return torch.optim.Adafactor(groups)
        case "lamb":
            return Lamb(groups)
        case _:
            device = next(iter(trained.values())).device.type
            return torch.optim.AdamW(groups, fused=device in ("cpu", "cuda"))


def set_rate(groups: list[dict[str, Any]], rate: float) -> None:
    """Give every group its share of a learning rate."""
    for group in groups:
        group["lr"] = rate * group["rate_scale"]


def _groups(
    trained: Mapping[str, nn.Parameter], scales: Mapping[str, float], decay: float
) -> list[dict[str, Any]]:
    """Group by learning rate, and decay matrices, not vectors: biases and norms."""
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, parameter in trained.items():
        key = (scales[name], parameter.ndim > 1)
        groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": own,
            "weight_decay": decay if is_matrix else 0.0,
            "rate_scale": scale,
            "is_scaled": is_matrix,
        }
        for (scale, is_matrix), own in groups.items()
    ]
