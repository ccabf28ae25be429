"""One optimiser step over a batch that is cut into micro-batches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn

from harness import (
    CheckpointError,
    Encoded,
    LoadSettings,
    Trainable,
    TrainingError,
    UsageError,
)
from harness_torch.device import memory_errors
from harness_torch.training.accumulator import Accumulator
from harness_torch.training.meter import StepOutcome
from harness_torch.training.optimizers import make_optimizer, set_rate
from harness_torch.training.settings import LoopSettings
from harness_torch.training.sharing import add_up, own_share, spread
from harness_torch.training.state import State


class Stepper:
    """Takes optimiser steps."""

    def __init__(
        self,
        model: Trainable,
        module: nn.Module,
        settings: LoopSettings,
        load: LoadSettings,
    ) -> None:
        self.named = {n: p for n, p in module.named_parameters() if p.requires_grad}
        self.parameters = list(self.named.values())
        self.device = self.parameters[0].device
        spread(self.parameters)
        self._settings = settings
        self._accelerator = _accelerator(load)
        optimizer = make_optimizer(module, self.named, settings)
        prepared = self._accelerator.prepare(optimizer)
        # Without a loss scaler Accelerate's step is the optimiser's own, after a search
        # for optional libraries that costs up to half a millisecond.
        self._optimizer = prepared if self._accelerator.scaler else optimizer
        self._accumulator = Accumulator(
            model, self.parameters, self._accelerator, settings
        )

    @property
    def micro_batch_tokens(self) -> int:
        """Most tokens in one forward, as memory allowed so far."""
        return self._accumulator.tokens

    def take(self, step: int, batch: Sequence[Encoded], rate: float) -> StepOutcome:
        """Take one step over a batch, by its mean loss.

        Where several processes train together, each takes its part of the batch.

        Raises:
            TrainingError: the loss or its gradient is no number.
            OutOfMemoryError: one example, or the optimiser's state, does not fit.
        """
        total = add_up(self._accumulator.add(own_share(batch)), self.parameters)
        loss = total.loss / total.terms
        if gradients := [p.grad for p in self.parameters if p.grad is not None]:
            torch._foreach_div_(gradients, total.terms)  # few kernels for many tensors
        norm = self._accelerator.clip_grad_norm_(self.parameters, self._settings.clip)
        # In fp16 the scaler skips a step whose gradients overflow, and lowers its scale.
        is_scaled = self._accelerator.scaler is not None
        if not math.isfinite(loss) or not (is_scaled or math.isfinite(norm)):
            raise TrainingError(
                f"the loss of step {step} is {loss} with a gradient norm of "
                f"{float(norm)}, expected numbers: lower learning_rate "
                f"({self._settings.learning_rate}), or train in fp32"
            )
        set_rate(self._optimizer.param_groups, rate)
        with memory_errors("the optimiser's state"):
            self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        tokens = sum(item.cost for item in batch)
        return StepOutcome(loss, rate, len(batch), tokens)

    def state(self) -> State:
        """Return the trained weights, the optimiser's state and fp16's loss scale."""
        held = self._optimizer.state_dict()["state"]
        scaler = self._accelerator.scaler
        return State(
            tensors=dict(self.named)
            | {f"{n} {key}": t for n, own in held.items() for key, t in own.items()},
            facts={
                "scaler": scaler.state_dict() if scaler else {},
                "micro_batch_tokens": self.micro_batch_tokens,
            },
        )

    def restore(self, state: State) -> None:
        """Take back what `state` returned.

        Raises:
            CheckpointError: it holds other parameters; nothing was changed then.
        """
        held: dict[int, dict[str, Tensor]] = {}
        weights: dict[str, Tensor] = {}
        for name, tensor in state.tensors.items():
            number, space, key = name.partition(" ")
            if space:
                held.setdefault(int(number), {})[key] = tensor
            else:
                weights[name] = tensor
        if _shapes(weights) != _shapes(self.named):
            raise CheckpointError("it holds the parameters of another model")
        with torch.no_grad():
            for name, parameter in self.named.items():
                parameter.copy_(weights[name])
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": held, "param_groups": groups})
        self._accumulator.tokens = state.facts["micro_batch_tokens"]
        if self._accelerator.scaler is not None:
            self._accelerator.scaler.load_state_dict(state.facts["scaler"])


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _accelerator(load: LoadSettings) -> Accelerator:
    if load.dtype == "fp16" and load.device == "cpu":
        raise UsageError(
            "training in fp16 needs a GPU, the device is cpu: train in fp32 or bf16"
        )
    # Accelerate keeps device and precision for the whole process, and refuses others;
    # cells of one run may differ in both.
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(
        mixed_precision="no" if load.dtype == "fp32" else load.dtype,
        cpu=load.device == "cpu",
        device_placement=False,
    )
