"""The one training loop: what varies (head, recipe, selection) is passed in.

A step is a fixed number of examples. The token budget only cuts it into micro-batches,
whose summed losses are divided by the step's whole count, so the gradient is that of
one big batch. Optimiser, decay exclusions, clipping and schedule are those of the
Hugging Face `Trainer`, so that results can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import set_seed
from torch import nn

from harness import (
    Encoded,
    LoadSettings,
    Trainable,
    TrainingError,
    TrainJob,
    TrainReport,
    UsageError,
    cut_batches,
)
from harness_torch.device import memory_errors
from harness_torch.meter import Meter, StepOutcome
from harness_torch.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """How to train.

    Attributes:
        epochs: how often every example is seen; may be a fraction.
        learning_rate: its peak.
        batch_size: examples in a step.
        warmup: share of the steps with a rising learning rate.
        weight_decay: AdamW's, for matrices alone: not for biases and norms.
        clip: the largest norm of a step's gradient.
        micro_batch_tokens: most tokens in one forward; changes memory, not results.
    """

    epochs: float
    learning_rate: float
    batch_size: int
    warmup: float
    weight_decay: float
    clip: float
    micro_batch_tokens: int


def train(job: TrainJob, module: nn.Module, settings: LoopSettings) -> TrainReport:
    """Train the parameters of a prepared module that require gradients.

    The module is left in evaluation mode, with the last weights or, where the job
    scores a selection slice, those of the epoch that scored highest.

    Raises:
        TrainingError: there is nothing to train on, or the loss stops being a number.
        OutOfMemoryError: a micro-batch does not fit.
        UsageError: the precision can't be trained in on this device.
    """
    examples = job.model.encode_training(job.examples)
    if not examples:
        raise TrainingError(
            "there are no training examples: check the training split and max_examples"
        )
    schedule = Schedule(
        examples=len(examples),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        warmup=settings.warmup,
    )
    stepper = _Stepper(job.model, module, settings, job.load)
    set_seed(job.seed)
    meter = Meter(schedule.steps, job.on_step)
    keeper = _Keeper(stepper.parameters, job.select_score)
    for step, places in enumerate(schedule.order(job.seed), start=1):
        module.train()
        rate = settings.learning_rate * schedule.rate(step)
        meter.record(stepper.take(step, [examples[place] for place in places], rate))
        if schedule.ends_epoch(step):
            module.eval()
            keeper.consider(step)
    keeper.restore()
    return TrainReport(
        steps=schedule.steps,
        examples_seen=meter.examples,
        tokens_seen=meter.tokens,
        seconds=meter.seconds,
        final_loss=meter.final_loss,
        trainable_parameters=sum(p.numel() for p in stepper.parameters),
        selected_step=keeper.step,
        curve=meter.curve,
    )


class _Stepper:
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
            lr=settings.learning_rate,
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
        by_length = sorted(batch, key=lambda item: item.cost)
        for micro in cut_batches(by_length, self._settings.micro_batch_tokens):
            tokens = sum(item.cost for item in micro)
            with memory_errors(f"a training micro-batch of {tokens} tokens"):
                with self._accelerator.autocast():
                    loss = self._model.loss(micro)
                self._accelerator.backward(loss.total)
            total += float(loss.total.detach())
            count += loss.count
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.div_(count)
        return total / count


class _Keeper:
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
