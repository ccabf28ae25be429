"""LAMB: AdamW whose step is as long as the weights are (You et al. 2020)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class Lamb(torch.optim.Optimizer):
    """Algorithm 2 of "Large Batch Optimization for Deep Learning", arXiv:1904.00962.

    The scaling function is the identity, and a norm of 0 leaves the step as it is. A
    group with ``is_scaled`` False takes AdamW's own step, as the authors' code does
    for biases and norms.

    Args:
        groups: parameters in groups; each may have options of its own.
        lr: the learning rate.
        betas: how much of the two moments stays.
        eps: keeps the division by the second moment's root within bounds.
        weight_decay: share of the weights that joins the step.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "is_scaled": True,
        }
        super().__init__(list(groups), defaults)

    @torch.no_grad()
    def step(  # type: ignore[override] # the base class overloads it
        self, closure: Callable[[], float] | None = None
    ) -> float | None:
        """Take one step, and return what the closure returns, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)
        return loss

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(weight)
            state["exp_avg_sq"] = torch.zeros_like(weight)
        state["step"] += 1
        taken = state["step"].item()
        first, second = group["betas"]
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(gradient, 1 - first)
        square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        root = (square / (1 - second**taken)).sqrt_().add_(group["eps"])
        move = (mean / (1 - first**taken)).div_(root)
        move.add_(weight, alpha=group["weight_decay"])
        if group["is_scaled"]:
            move.mul_(_trust(weight, move))
        weight.add_(move, alpha=-group["lr"])


def _trust(weight: Tensor, move: Tensor) -> Tensor:
    """Return the weights' norm over the step's, 1 where either is 0; no GPU waits."""
    weight_norm, move_norm = weight.norm(), move.norm()
    has_both = (weight_norm > 0) & (move_norm > 0)
    return torch.where(has_both, weight_norm / move_norm, torch.ones_like(move_norm))
