"""The smallest trainable there is, and how tests train it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from harness import (
    Encoded,
    HarnessError,
    Head,
    LoadSettings,
    Loss,
    TrainingExample,
)
from harness.events import TrainStep
from harness.ranks import rank
from harness.recipe import TrainJob, TrainReport
from harness.requests import Regress, RegressAnswer
from harness_torch.training.loop import train
from harness_torch.training.settings import LoopSettings

SETTINGS = LoopSettings(
    epochs=2.0,
    learning_rate=0.05,
    batch_size=4,
    warmup=0.25,
    weight_decay=0.1,
    clip=1.0,
    micro_batch_tokens=1000,
)


def item(key: int, cost: int) -> Encoded:
    return Encoded(key=key, request=Regress(text=""), cost=cost)


class Slopes:
    """A trainable of the smallest kind: a network over numbers made from a text."""

    def __init__(
        self, *, hidden_nan_from: int | None = None, dropout: float = 0.0
    ) -> None:
        self.module = nn.Sequential(
            nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1), nn.Dropout(dropout)
        )
        self.batches: list[list[int]] = []
        self.nan_from = hidden_nan_from
        self.factor = 1.0

    def prepare(self, head: Head, *, seed: int) -> nn.Module:
        torch.manual_seed(seed)
        for part in self.module:
            if isinstance(part, nn.Linear | nn.LayerNorm):
                part.reset_parameters()
        return self.module

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        return [item(key, 5 + key % 7) for key in range(len(examples))]

    def inputs(self, batch: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor]:
        keys = torch.tensor([float(one.key) for one in batch])
        features = torch.stack([keys.sin(), keys.cos(), keys / 10], dim=1)
        return features, features.sum(dim=1)

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        self.batches.append([one.key for one in batch])
        features, target = self.inputs(batch)
        error = self.module(features).squeeze(1) - target
        if self.nan_from is not None and len(self.batches) >= self.nan_from:
            error = error * math.nan
        return Loss(total=(error.square() * self.factor).sum(), count=len(batch))

    def save(self, folder: Path) -> None:
        raise NotImplementedError


class Narrow(Slopes):
    """Asks for memory that no machine has when a micro-batch is too long."""

    def __init__(self, most_tokens: int, *, in_backward: bool = False) -> None:
        super().__init__()
        self.most_tokens = most_tokens
        self.in_backward = in_backward

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        found = super().loss(batch)
        if sum(item.cost for item in batch) > self.most_tokens:
            if not self.in_backward:
                torch.empty(2**52)
            found.total.register_hook(lambda _: torch.empty(2**52))
        return found


class Failing(Slopes):
    """Fails in the second process alone, in its fourth micro-batch."""

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        if rank() == 1 and len(self.batches) == 3:
            raise HarnessError("out of luck")
        return super().loss(batch)


class Drawn(Slopes):
    """Begins with other weights in every process."""

    def prepare(self, head: Head, *, seed: int) -> nn.Module:
        module = super().prepare(head, seed=seed)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(rank())
        return module


def run(
    model: Slopes | None = None,
    *,
    count: int = 18,
    seed: int = 1,
    load: LoadSettings | None = None,
    select_score: Callable[[], float] | None = None,
    on_step: Callable[[TrainStep], None] = lambda _: None,
    scratch: Path | None = None,
    **changes: Any,
) -> tuple[Slopes, TrainReport]:
    model = model or Slopes()
    example = TrainingExample(request=Regress(text=""), answer=RegressAnswer(value=0.0))
    job = TrainJob(
        model=model,
        head=Head(kind="regress"),
        examples=[example] * count,
        settings=None,
        seed=seed,
        load=load or LoadSettings(),
        folder=Path(),
        on_step=on_step,
        select_score=select_score,
        scratch=scratch,
    )
    loop = replace(SETTINGS, **changes)
    return model, train(job, model.prepare(job.head, seed=seed), loop)


def weights(model: Slopes) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.module.parameters()])
