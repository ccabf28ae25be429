"""What recipes share: prepare the model, say what is trained, train it, save it."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from harness import TrainJob, TrainReport
from harness.ranks import is_first
from harness_torch.training.loop import train


class Method(Protocol):
    """What a recipe trains of a model, and what it writes."""

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Add what is trained to a prepared module, and freeze the rest."""

    def save(self, job: TrainJob) -> None:
        """Write what was trained into the job's folder."""


def fine_tune(job: TrainJob, method: Method) -> TrainReport:
    """Train and save.

    Raises:
        PluginError: the settings still leave the learning rate to the model.
        TrainingError: there is nothing to train on, or the loss stops being a number.
    """
    module = job.model.prepare(job.head, seed=job.seed)
    return train_and_save(job, module, method)


def train_and_save(job: TrainJob, module: nn.Module, method: Method) -> TrainReport:
    """Train a prepared module and save what was trained.

    Raises:
        PluginError: the settings still leave the learning rate to the model.
        TrainingError: there is nothing to train on, or the loss stops being a number.
    """
    method.apply(job, module)
    report = train(job, module, job.settings)
    if is_first():
        method.save(job)
    return report
