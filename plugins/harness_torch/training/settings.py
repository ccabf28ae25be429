"""What the training loop can be told. Light: recipes' settings extend it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, get_args

from harness import ModelCard
from harness.recipe import CommonSettings, setting_error, without_effect

Optimizer = Literal["adamw", "adafactor", "lamb"]
ScheduleShape = Literal["linear", "cosine", "constant", "inverse-sqrt"]

_USUAL_RATES: Mapping[Optimizer, float] = {
    "adamw": 5e-5,
    "adafactor": 1e-3,  # T5's own for fine-tuning: Raffel et al. 2020, section 3.1.2
    "lamb": 1e-3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings(CommonSettings):
    """How to train, whatever is trained.

    Attributes:
        epochs: how often every example is seen; may be a fraction.
        learning_rate: its peak; None leaves it to the recipe and the model.
        batch_size: examples in a step.
        optimizer: ``adamw``, ``adafactor`` (a learning rate relative to the weights) or
            ``lamb``.
        schedule: what the learning rate does after the warm-up: it falls to 0, as a
            line (``linear``) or half a wave (``cosine``), stays (``constant``), or
            falls with the root of the steps (``inverse-sqrt``).
        warmup: share of the steps with a rising learning rate.
        label_smoothing: share of a right label, word or place that is spread evenly
            over all there are; a value that is trained stays as it is.
        layer_decay: what a layer's learning rate is multiplied with for the one below.
        weight_decay: the optimiser's, for matrices alone: not for biases and norms.
        clip: the largest norm of a step's gradient.
        dropout: replaces every dropout of the model; its own where None.
        micro_batch_tokens: most tokens in one forward; changes memory, not results.
        evaluate_every: epochs between two evaluations on the selection slice, where
            `select` is ``best``; may be a fraction.
        patience: evaluations without a better score after which training stops; None
            where it never does.
        checkpoint_activations: compute the layers' inner values again on the way back
            instead of holding them: less memory, a third more time, the same results.
        save_every: seconds between two snapshots, from which a run that was killed
            goes on; 0 saves every step. They are put off where they would take more
            than 2 % of the time.
    """

    epochs: float = 3.0
    learning_rate: float | None = None
    batch_size: int = 32
    optimizer: Optimizer = "adamw"
    schedule: ScheduleShape = "linear"
    warmup: float = 0.1
    label_smoothing: float = 0.0
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    clip: float = 1.0
    dropout: float | None = None
    micro_batch_tokens: int = 2048
    evaluate_every: float = 1.0
    patience: int | None = None
    checkpoint_activations: bool = without_effect(False)
    save_every: float = without_effect(60.0)

    def __post_init__(self) -> None:
        # Not super(): a slotted dataclass is not the class that super() looks for.
        CommonSettings.__post_init__(self)
        if self.patience is not None and self.select != "best":
            raise setting_error("patience", self.patience, "select=best beside it")
        for name, known in _NAMES.items():
            if getattr(self, name) not in known:
                raise setting_error(name, getattr(self, name), " or ".join(known))
        for names, is_right, expected in _RANGES:
            for name in names:
                value = getattr(self, name)
                if value is not None and not is_right(value):
                    raise setting_error(name, value, expected)

    def steps(self, examples: int) -> int:
        """Return how many optimiser steps so many examples make."""
        return count_steps(examples, batch_size=self.batch_size, epochs=self.epochs)


def count_steps(examples: int, *, batch_size: int, epochs: float) -> int:
    """Return the steps of a run, whose epochs' last ones may hold fewer examples."""
    return math.ceil(epochs * math.ceil(examples / batch_size))


_NAMES: Mapping[str, tuple[str, ...]] = {
    "optimizer": get_args(Optimizer),
    "schedule": get_args(ScheduleShape),
}
_RANGES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (
        ("epochs", "learning_rate", "clip", "evaluate_every"),
        lambda v: v > 0,
        "more than 0",
    ),
    (("weight_decay", "save_every"), lambda v: v >= 0, "0 or more"),
    (("batch_size", "micro_batch_tokens", "patience"), lambda v: v >= 1, "1 or more"),
    (("layer_decay",), lambda v: 0 < v <= 1, "above 0 and 1 at most"),
    (("warmup",), lambda v: 0 <= v <= 1, "a share from 0 to 1"),
    (("dropout", "label_smoothing"), lambda v: 0 <= v < 1, "from 0 to below 1"),
)
"""What values settings may have that are not None."""

SettingsT = TypeVar("SettingsT", bound=LoopSettings)


def resolve_rate(settings: SettingsT, card: ModelCard) -> SettingsT:
    """Take the usual learning rate where the settings name none.

    That is the model's suggestion for AdamW, where it has one.
    """
    if settings.learning_rate is not None:
        return settings
    suggested = card.suggested_learning_rate if settings.optimizer == "adamw" else None
    return replace(
        settings, learning_rate=suggested or _USUAL_RATES[settings.optimizer]
    )
