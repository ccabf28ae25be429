"""Recipes: ways to fine-tune a model, and what one is given and returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.events import TrainStep
from harness.model import Head, LoadSettings, Trainable, TrainingExample


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """All that a recipe needs for one train cell.

    Attributes:
        model: the loaded base model.
        head: the head to train.
        examples: the training examples, without the selection slice.
        settings: an instance of the recipe's settings class.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeEntry:
    """What a plugin registers for a recipe.

    Attributes:
        name: the name behind ``finetune:``.
        summary: one line for `harness list recipes`.
        settings: a frozen dataclass whose fields are the settings with defaults;
            values from a suite or the command line are checked against its types.
        trains: head kinds that the recipe can train.
        run: trains and writes the checkpoint into `TrainJob.folder`.
    """

    name: str
    summary: str
    settings: type
    trains: frozenset[str]
    run: Callable[[TrainJob], TrainReport]
