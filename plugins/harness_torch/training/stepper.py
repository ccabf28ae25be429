"""One optimiser step over a batch that is cut into micro-batches."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn

from harness import (
    Encoded,
    LoadSettings,
    Trainable,
    TrainingError,
    UsageError,
    cut_batches,
)
from harness_torch.device import memory_errors
from harness_torch.training.meter import StepOutcome
from harness_torch.training.settings import LoopSettings


class Stepper:
    """Takes optimiser steps."""

    def __init__(
        self,
        model: Trainable,
        module: nn.Module,
        settings: LoopSettings,
        load: LoadSettings,
    ) -> None:
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self._model = model
        self._settings = settings
        self._accelerator = _accelerator(load)
        optimizer = torch.optim.AdamW(
            _decay_groups(self.parameters, settings.weight_decay),
            fused=self.parameters[0].device.type in ("cpu", "cuda"),
        )
        self._optimizer = self._accelerator.prepare(optimizer)

    def take(self, step: int, batch: Sequence[Encoded], rate: float) -> StepOutcome:
        """Take one step over a batch."""
        loss = self._accumulate(batch)
        norm = self._accelerator.clip_grad_norm_(self.parameters, self._settings.clip)
        # In fp16 the scaler skips a step whose gradients overflow, and lowers its scale.
        is_scaled = self._accelerator.scaler is not None
        if not math.isfinite(loss) or not (is_scaled or math.isfinite(norm)):
            raise TrainingError(
                f"the loss of step {step} is {loss} with a gradient norm of "
                f"{float(norm)}, expected numbers: lower learning_rate "
                f"({self._settings.learning_rate}), or train in fp32"
            )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        tokens = sum(item.cost for item in batch)
        return StepOutcome(loss, rate, len(batch), tokens)

    def _accumulate(self, batch: Sequence[Encoded]) -> float:
        """Leave the gradient of the step's mean loss, and return that loss."""
        total, count = 0.0, 0
        smoothing = self._settings.label_smoothing
        by_length = sorted(batch, key=lambda item: item.cost)
        for micro in cut_batches(by_length, self._settings.micro_batch_tokens):
            tokens = sum(item.cost for item in micro)
            with memory_errors(f"a training micro-batch of {tokens} tokens"):
                with self._accelerator.autocast():
                    loss = self._model.loss(micro, label_smoothing=smoothing)
                self._accelerator.backward(loss.total)
            total += float(loss.total.detach())
            count += loss.count
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.div_(count)
        return total / count


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


def _decay_groups(
    parameters: Sequence[nn.Parameter], weight_decay: float
) -> list[dict[str, object]]:
    """Decay matrices, not vectors: those are biases and norms."""
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
