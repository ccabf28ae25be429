"""The one training loop: what varies (head, recipe, selection) is passed in.

A step is a fixed number of examples. The token budget only cuts it into micro-batches,
whose summed losses are divided by the step's whole count, so the gradient is that of
one big batch. Optimiser, decay exclusions, clipping and schedule are those of the
Hugging Face `Trainer`, so that results can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from torch import nn

from harness import Encoded, PluginError, TrainingError, TrainJob, TrainReport
from harness_torch.training.keeper import Keeper
from harness_torch.training.meter import Meter
from harness_torch.training.recompute import recompute_activations
from harness_torch.training.redrawing import redrawn
from harness_torch.training.saver import Saver
from harness_torch.training.schedule import Schedule
from harness_torch.training.seeding import seed_step
from harness_torch.training.settings import LoopSettings
from harness_torch.training.state import Part
from harness_torch.training.stepper import Stepper


def train(job: TrainJob, module: nn.Module, settings: LoopSettings) -> TrainReport:
    """Train the parameters of a prepared module that require gradients.

    The module is left in evaluation mode, with the last weights or, where the job
    scores a selection slice, those that scored highest. Where the job has
    a scratch folder with a snapshot, training goes on from there.

    Raises:
        TrainingError: there is nothing to train on, the loss stops being a number or
            explodes, or a snapshot can't be written.
        OutOfMemoryError: one example alone does not fit.
        UsageError: the precision can't be trained in on this device.
        PluginError: the settings still leave the learning rate to the model.
    """
    peak_rate = _peak_rate(settings)
    if settings.dropout is not None:
        _set_dropout(module, settings.dropout)
    if settings.checkpoint_activations:
        recompute_activations(module)
    examples = job.model.encode_training(job.examples)
    check_examples(examples)
    run = _Run(job, module, settings, examples)
    run.go_on(peak_rate)
    return run.report()


def check_examples(examples: Sequence[object]) -> None:
    """Refuse to train on nothing.

    Raises:
        TrainingError: there is no example.
    """
    if not examples:
        raise TrainingError(
            "there are no training examples: check the training split and max_examples"
        )


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
        self._asked_tokens = settings.micro_batch_tokens
        self._evaluate_every = settings.evaluate_every
        self._schedule = Schedule(
            examples=len(examples),
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            warmup=settings.warmup,
            shape=settings.schedule,
        )
        self._stepper = Stepper(job.model, module, settings, job.load)
        self._meter = Meter(self._schedule.steps, job.on_step)
        self._keeper = Keeper(self._stepper.named, job.select_score, settings.patience)
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
            if self._keeper.is_enough:
                break
            self._module.train()
            seed_step(self._seed, step, self._stepper.device)
            self._take(step, places, peak_rate * self._schedule.rate(step))
            if self._schedule.ends_stretch(step, self._evaluate_every):
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
            self._meter.record(self._stepper.take(step, batch, rate))
            self._meter.check_growth()
        except TrainingError as error:
            raise TrainingError(f"{error}; {self._saver.told_last}") from error

    def report(self) -> TrainReport:
        """Say what came of it."""
        return TrainReport(
            steps=self._meter.steps,
            examples_seen=self._meter.examples,
            tokens_seen=self._meter.tokens,
            seconds=self._meter.seconds,
            final_loss=self._meter.final_loss,
            trainable_parameters=sum(p.numel() for p in self._stepper.parameters),
            selected_step=self._keeper.step,
            curve=self._meter.curve,
            micro_batch_tokens=self._stepper.micro_batch_tokens,
            resumed=self._saver.resumed,
            notes=(*self._saver.notes, *self._befell()),
        )

    def _befell(self) -> Iterator[str]:
        used, asked = self._stepper.micro_batch_tokens, self._asked_tokens
        if used < asked:
            yield f"{asked} tokens did not fit in memory, micro-batches held {used}"
        taken, planned = self._meter.steps, self._schedule.steps
        if taken < planned:
            yield f"stopped at step {taken} of {planned}: the score no longer rose"


def _peak_rate(settings: LoopSettings) -> float:
    if settings.learning_rate is None:
        raise PluginError(
            "the settings name no learning rate: resolve them for the model with "
            "RecipeEntry.resolve first"
        )
    return settings.learning_rate


def _set_dropout(module: nn.Module, probability: float) -> None:
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = probability
