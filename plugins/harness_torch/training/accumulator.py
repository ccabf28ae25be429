"""The gradient of a whole step, in micro-batches that fit in memory."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from harness import Encoded, OutOfMemoryError, Trainable, cut_batches
from harness_torch.device import memory_errors
from harness_torch.training.settings import LoopSettings


class Total(NamedTuple):
    """A step's summed loss, and the number of terms in the sum."""

    loss: float
    terms: int


class Accumulator:
    """Sums gradients over micro-batches, smaller ones once they did not fit.

    Attributes:
        tokens: most tokens in one forward; halved whenever memory runs out.
    """

    def __init__(
        self,
        model: Trainable,
        parameters: Sequence[nn.Parameter],
        accelerator: Accelerator,
        settings: LoopSettings,
    ) -> None:
        self.tokens = settings.micro_batch_tokens
        self._smoothing = settings.label_smoothing
        self._model = model
        self._parameters = parameters
        self._accelerator = accelerator

    def add(self, batch: Sequence[Encoded]) -> Total:
        """Leave the gradient of the summed loss of a batch on the parameters.

        What does not fit in memory is tried again from the step's beginning, in
        micro-batches of half the size.

        Raises:
            OutOfMemoryError: one example alone does not fit.
        """
        by_length = sorted(batch, key=lambda item: item.cost)
        while (total := self._try(by_length)) is None:
            for parameter in self._parameters:
                parameter.grad = None
            gc.collect()
            if self._accelerator.device.type == "cuda":
                torch.cuda.empty_cache()
        return total

    def _try(self, batch: Sequence[Encoded]) -> Total | None:
        """Return None, with a smaller budget, where memory ran out."""
        losses: list[Tensor] = []
        count = 0
        for micro in cut_batches(batch, self.tokens):
            tokens = sum(item.cost for item in micro)
            try:
                with memory_errors(f"a training micro-batch of {tokens} tokens"):
                    with self._accelerator.autocast():
                        loss = self._model.loss(micro, label_smoothing=self._smoothing)
                    self._accelerator.backward(loss.total)
                    losses.append(loss.total.detach().double())
            except OutOfMemoryError as error:
                if len(micro) == 1:
                    raise _too_long(tokens) from error
                self.tokens = max(1, min(self.tokens, tokens) // 2)
                return None
            count += loss.count
        # Read once: each reading waits until the device has done all it was given.
        return Total(sum(torch.stack(losses).tolist()) if losses else 0.0, count)


def _too_long(tokens: int) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"one training example of {tokens} tokens does not fit in memory: set "
        "checkpoint_activations=true, shorten the model's longest input, or choose a "
        "smaller model"
    )
