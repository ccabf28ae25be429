"""`full`: train every weight of the model and its head."""

from __future__ import annotations

from torch import nn

from harness import PluginError, TrainJob, TrainReport
from harness_finetune.settings import FullSettings
from harness_torch.training import LoopSettings, train


def train_full(job: TrainJob) -> TrainReport:
    """Train and save the checkpoint.

    Raises:
        PluginError: the settings still leave the learning rate to the model.
        TrainingError: there is nothing to train on, or the loss stops being a number.
    """
    settings: FullSettings = job.settings
    if settings.learning_rate is None:
        raise PluginError(
            "the settings of 'full' name no learning rate: resolve them for the model "
            "with RecipeEntry.resolve first"
        )
    module = job.model.prepare(job.head, seed=job.seed)
    if settings.dropout is not None:
        set_dropout(module, settings.dropout)
    loop = LoopSettings(
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        warmup=settings.warmup,
        weight_decay=settings.weight_decay,
        clip=settings.clip,
        micro_batch_tokens=settings.micro_batch_tokens,
    )
    report = train(job, module, loop)
    job.model.save(job.folder)
    return report


def set_dropout(module: nn.Module, probability: float) -> None:
    """Set every dropout of a module."""
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = probability
