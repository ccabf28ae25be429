"""The one training loop: what varies (head, recipe, selection) is passed in.

A step is a fixed number of examples. The token budget only cuts it into micro-batches,
whose summed losses are divided by the step's whole count, so the gradient is that of
one big batch. Optimiser, decay exclusions, clipping and schedule are those of the
Hugging Face `Trainer`, so that results can be compared.
"""

from __future__ import annotations

from accelerate.utils import set_seed
from torch import nn

from harness import PluginError, TrainingError, TrainJob, TrainReport
from harness_torch.training.keeper import Keeper
from harness_torch.training.meter import Meter
from harness_torch.training.redrawing import drawn
from harness_torch.training.schedule import Schedule
from harness_torch.training.settings import LoopSettings
from harness_torch.training.stepper import Stepper


def train(job: TrainJob, module: nn.Module, settings: LoopSettings) -> TrainReport:
    """Train the parameters of a prepared module that require gradients.

    The module is left in evaluation mode, with the last weights or, where the job
    scores a selection slice, those of the epoch that scored highest.

    Raises:
        TrainingError: there is nothing to train on, or the loss stops being a number.
        OutOfMemoryError: a micro-batch does not fit.
        UsageError: the precision can't be trained in on this device.
        PluginError: the settings still leave the learning rate to the model.
    """
    if settings.learning_rate is None:
        raise PluginError(
            "the settings name no learning rate: resolve them for the model with "
            "RecipeEntry.resolve first"
        )
    if settings.dropout is not None:
        _set_dropout(module, settings.dropout)
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
    stepper = Stepper(job.model, module, settings, job.load)
    set_seed(job.seed)
    meter = Meter(schedule.steps, job.on_step)
    keeper = Keeper(stepper.parameters, job.select_score)
    for step, places in enumerate(schedule.order(job.seed), start=1):
        module.train()
        rate = settings.learning_rate * schedule.rate(step)
        epoch = (step - 1) // schedule.steps_per_epoch
        batch = drawn(job.model, [examples[place] for place in places], epoch)
        meter.record(stepper.take(step, batch, rate))
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


def _set_dropout(module: nn.Module, probability: float) -> None:
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = probability
