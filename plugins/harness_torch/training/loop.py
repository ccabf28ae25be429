"""The one training loop: what varies (head, recipe, selection) is passed in.

A step is a fixed number of examples. The token budget only cuts it into micro-batches,
whose summed losses are divided by the step's whole count, so the gradient is that of
one big batch. Optimiser, decay exclusions, clipping and schedule are those of the
Hugging Face `Trainer`, so that results can be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice

from accelerate.utils import set_seed
from torch import nn

from harness import Encoded, PluginError, TrainingError, TrainJob, TrainReport
from harness_torch.training.keeper import Keeper
from harness_torch.training.meter import Meter
from harness_torch.training.redrawing import redrawn
from harness_torch.training.saver import Saver
from harness_torch.training.schedule import Schedule
from harness_torch.training.settings import LoopSettings
from harness_torch.training.state import Part
from harness_torch.training.stepper import Stepper


def train(job: TrainJob, module: nn.Module, settings: LoopSettings) -> TrainReport:
    """Train the parameters of a prepared module that require gradients.

    The module is left in evaluation mode, with the last weights or, where the job
    scores a selection slice, those of the epoch that scored highest. Where the job has
    a scratch folder with a snapshot, training goes on from there.

    Raises:
        TrainingError: there is nothing to train on, the loss stops being a number, or
            a snapshot can't be written.
        OutOfMemoryError: a micro-batch does not fit.
        UsageError: the precision can't be trained in on this device.
        PluginError: the settings still leave the learning rate to the model.
    """
    if settings.dropout is not None:
        _set_dropout(module, settings.dropout)
    examples = job.model.encode_training(job.examples)
    if not examples:
        raise TrainingError(
            "there are no training examples: check the training split and max_examples"
        )
    run = _Run(job, module, settings, examples)
    run.go_on(_peak_rate(settings))
    return run.report()


class _Run:
    """A training run: its parts, and the steps through them."""

    def __init__(
        self,
        job: TrainJob,
        module: nn.Module,
        settings: LoopSettings,
        examples: Sequence[Encoded],
    ) -> None:
        self._model = job.model
        self._module = module
        self._examples = examples
        self._seed = job.seed
        self._schedule = Schedule(
            examples=len(examples),
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            warmup=settings.warmup,
            shape=settings.schedule,
        )
        self._stepper = Stepper(job.model, module, settings, job.load)
        self._meter = Meter(self._schedule.steps, job.on_step)
        self._keeper = Keeper(self._stepper.named, job.select_score)
        parts: dict[str, Part] = {
            "stepper": self._stepper,
            "meter": self._meter,
            "keeper": self._keeper,
        }
        self._saver = Saver(job.scratch, settings.save_every, parts)

    def go_on(self, peak_rate: float) -> None:
        """Take the steps that are left, and leave the module with what is kept."""
        steps = enumerate(self._schedule.order(self._seed), start=1)
        for step, places in islice(steps, self._saver.resume(), None):
            self._module.train()
            seed_step(self._seed, step)
            self._take(step, places, peak_rate * self._schedule.rate(step))
            if self._schedule.ends_epoch(step):
                self._module.eval()
                self._keeper.consider(step)
            self._saver.offer(step)
        self._module.eval()
        self._keeper.put_back()

    def _take(self, step: int, places: Sequence[int], rate: float) -> None:
        epoch = (step - 1) // self._schedule.steps_per_epoch
        batch = [self._examples[place] for place in places]
        batch = redrawn(self._model, batch, epoch)
        try:
            outcome = self._stepper.take(step, batch, rate)
        except TrainingError as error:
            raise TrainingError(f"{error}; {self._saver.last_good}") from error
        self._meter.record(outcome)

    def report(self) -> TrainReport:
        """Say what came of it."""
        return TrainReport(
            steps=self._schedule.steps,
            examples_seen=self._meter.examples,
            tokens_seen=self._meter.tokens,
            seconds=self._meter.seconds,
            final_loss=self._meter.final_loss,
            trainable_parameters=sum(p.numel() for p in self._stepper.parameters),
            selected_step=self._keeper.step,
            curve=self._meter.curve,
            resumed=self._saver.resumed,
            notes=tuple(self._saver.notes),
        )


def _peak_rate(settings: LoopSettings) -> float:
    if settings.learning_rate is None:
        raise PluginError(
            "the settings name no learning rate: resolve them for the model with "
            "RecipeEntry.resolve first"
        )
    return settings.learning_rate


def seed_step(seed: int, step: int) -> None:
    """Seed every generator for one step, from the run's seed and the step alone.

    So a run that goes on draws what an uninterrupted one would have drawn, and needs
    no generator's state.
    """
    drawn = hashlib.sha256(f"{seed} {step}".encode()).digest()
    set_seed(int.from_bytes(drawn[:4], "big"))


def _set_dropout(module: nn.Module, probability: float) -> None:
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = probability
