"""Recipes: ways to fine-tune a model, and what one is given and returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
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
        select_on: what ``best`` selects on: ``train``, a slice of the training split,
            or another split's name or role. Where that is the split to evaluate, the
            result is flagged.
        select_share: share of the training examples that is set aside as the selection
            slice, where `select_on` is ``train``.
        train_examples: learn from exactly so many examples, drawn by the seed with as
            many of each label as there can be, the selection slice among them; from
            all where None. A larger draw holds the smaller ones.
        max_examples: train on a seeded draw of so many examples at most, which keeps
            the shares of the labels; on all where None.
    """

    select: Literal["last", "best"] = "last"
    select_on: str = "train"
    select_share: float = 0.1
    train_examples: int | None = None
    max_examples: int | None = None

    def __post_init__(self) -> None:
        if self.select not in ("last", "best"):
            raise setting_error("select", self.select, "last or best")
        if not 0 < self.select_share < 1:
            raise setting_error("select_share", self.select_share, "between 0 and 1")
        if self.select_on != "train" and self.select != "best":
            raise setting_error("select_on", self.select_on, "select=best beside it")
        for name in ("train_examples", "max_examples"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise setting_error(name, value, "1 or more")

    def steps(self, examples: int) -> int | None:
        """Return how many optimiser steps so many examples make, None where unknown.

        For `harness plan`; a recipe's own settings may know.
        """
        return None


def setting_error(name: str, value: object, expected: str) -> UsageError:
    """Make the error for a setting out of its range."""
    return UsageError(
        f"the recipe setting {name} is {value!r}, expected {expected}: correct it in "
        "the regime or the suite"
    )


def without_effect(default: Any) -> Any:  # noqa: ANN401 # as `dataclasses.field`
    """Declare a setting that can't change what is trained, so no cell's identity."""
    return field(default=default, metadata={"has_effect": False})


def effective(settings: Any) -> dict[str, Any]:  # noqa: ANN401 # any settings class
    """Return the settings that can change what is trained, by name."""
    return {
        one.name: getattr(settings, one.name)
        for one in fields(settings)
        if one.metadata.get("has_effect", True)
    }


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
        scratch: a folder that outlives the process, for what the recipe needs to go on
            after a kill; the runner removes it when the checkpoint is recorded. None
            where nothing is kept.
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
    scratch: Path | None = None


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
        micro_batch_tokens: most tokens in one forward, after what memory allowed; None
            where the recipe has no such bound.
        resumed: how often a new process went on from a snapshot.
        notes: what else befell the run, a sentence each without a full stop.
    """

    steps: int
    examples_seen: int
    tokens_seen: int
    seconds: float
    final_loss: float
    trainable_parameters: int
    selected_step: int
    curve: tuple[tuple[int, float, float], ...] = ()
    micro_batch_tokens: int | None = None
    resumed: int = 0
    notes: tuple[str, ...] = ()


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
