"""Recipes: ways to fine-tune a model, and what one is given and returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from harness.errors import UsageError
from harness.events import TrainStep
from harness.model import Head, LoadSettings, ModelCard, Trainable, TrainingExample

Settings = TypeVar("Settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonSettings:
    """What every recipe's settings hold, because the runner reads it, not the recipe.

    Attributes:
        select: ``last`` keeps the last weights; ``best`` keeps those of the epoch that
            scores highest on the selection slice.
        select_share: share of the training split that is set aside as the selection
            slice, where `select` is ``best``.
        max_examples: train on a seeded draw of so many examples; on all where None.
    """

    select: Literal["last", "best"] = "last"
    select_share: float = 0.1
    max_examples: int | None = None

    def __post_init__(self) -> None:
        if self.select not in ("last", "best"):
            raise setting_error("select", self.select, "last or best")
        if not 0 < self.select_share < 1:
            raise setting_error("select_share", self.select_share, "between 0 and 1")
        if self.max_examples is not None and self.max_examples < 1:
            raise setting_error("max_examples", self.max_examples, "1 or more")


def setting_error(name: str, value: object, expected: str) -> UsageError:
    """Make the error for a setting out of its range."""
    return UsageError(
        f"the recipe setting {name} is {value!r}, expected {expected}: correct it in "
        "the regime or the suite"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """All that a recipe needs for one train cell.

    Attributes:
        model: the loaded base model.
        head: the head to train.
        examples: the training examples, without the selection slice.
        settings: an instance of the recipe's settings class, resolved for the model.
        seed: seeds the head, the order and the dropout.
        load: device and precision.
        folder: where the checkpoint goes; the runner makes it visible only when the
            recipe has returned.
        on_step: told of every optimiser step.
        select_score: scores the model as it stands on the selection slice, higher is
            better; None where the last checkpoint is taken.
    """

    model: Trainable
    head: Head
    examples: Sequence[TrainingExample]
    settings: Any
    seed: int
    load: LoadSettings
    folder: Path
    on_step: Callable[[TrainStep], None]
    select_score: Callable[[], float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainReport:
    """What came of a train cell.

    Attributes:
        steps: optimiser steps taken.
        examples_seen: training examples processed, epochs counted.
        tokens_seen: tokens processed.
        seconds: wall-clock seconds of the loop.
        final_loss: mean loss over the last tenth of the steps.
        trainable_parameters: parameters that were updated.
        selected_step: the step whose weights were kept; the last by default.
        curve: (step, loss, learning rate), at most a few hundred points.
    """

    steps: int
    examples_seen: int
    tokens_seen: int
    seconds: float
    final_loss: float
    trainable_parameters: int
    selected_step: int
    curve: tuple[tuple[int, float, float], ...] = ()


def keep_settings(settings: Settings, card: ModelCard) -> Settings:
    """Resolve nothing: what recipes do whose settings don't depend on the model."""
    return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeEntry:
    """What a plugin registers for a recipe.

    Attributes:
        name: the name behind ``finetune:``.
        summary: one line for `harness list recipes`.
        settings: a frozen dataclass whose fields are the settings with defaults, an
            extension of `CommonSettings`; values from a suite or the command line are
            checked against its types.
        trains: head kinds that the recipe can train.
        saves: ``checkpoint`` where the folder is a whole model; ``adapter`` where it
            holds only what was trained, to be named ``base+folder``.
        run: trains and writes the checkpoint into `TrainJob.folder`.
        resolve: fills in what the settings leave to the model (its suggested learning
            rate). Called when a cell is planned, so that its fingerprint and its
            record hold what is really used.
    """

    name: str
    summary: str
    settings: type
    trains: frozenset[str]
    run: Callable[[TrainJob], TrainReport]
    saves: Literal["checkpoint", "adapter"] = "checkpoint"
    resolve: Callable[[Any, ModelCard], Any] = keep_settings
