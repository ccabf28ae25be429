"""What the training loop can be told. Light: recipes' settings extend it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from harness import ModelCard
from harness.recipe import CommonSettings, setting_error

USUAL_LEARNING_RATE = 5e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings(CommonSettings):
    """How to train, whatever is trained.

    Attributes:
        epochs: how often every example is seen; may be a fraction.
        learning_rate: its peak; None leaves it to the recipe and the model.
        batch_size: examples in a step.
        warmup: share of the steps with a rising learning rate, which then falls to 0.
        label_smoothing: share of a right label, word or place that is spread evenly
            over all there are; a value that is trained stays as it is.
        weight_decay: AdamW's, for matrices alone: not for biases and norms.
        clip: the largest norm of a step's gradient.
        dropout: replaces every dropout of the model; its own where None.
        micro_batch_tokens: most tokens in one forward; changes memory, not results.
    """

    epochs: float = 3.0
    learning_rate: float | None = None
    batch_size: int = 32
    warmup: float = 0.1
    label_smoothing: float = 0.0
    weight_decay: float = 0.01
    clip: float = 1.0
    dropout: float | None = None
    micro_batch_tokens: int = 2048

    def __post_init__(self) -> None:
        # Not super(): a slotted dataclass is not the class that super() looks for.
        CommonSettings.__post_init__(self)
        for name in ("epochs", "learning_rate", "clip"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise setting_error(name, value, "more than 0")
        for name in ("batch_size", "micro_batch_tokens"):
            if getattr(self, name) < 1:
                raise setting_error(name, getattr(self, name), "1 or more")
        if not 0 <= self.warmup <= 1:
            raise setting_error("warmup", self.warmup, "a share from 0 to 1")
        if not self.weight_decay >= 0:
            raise setting_error("weight_decay", self.weight_decay, "0 or more")
        self._check_shares()

    def _check_shares(self) -> None:
        for name in ("dropout", "label_smoothing"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1:
                raise setting_error(name, value, "from 0 to below 1")


SettingsT = TypeVar("SettingsT", bound=LoopSettings)


def resolve_rate(settings: SettingsT, card: ModelCard) -> SettingsT:
    """Take the model's suggested learning rate where the settings name none."""
    if settings.learning_rate is not None:
        return settings
    rate = card.suggested_learning_rate or USUAL_LEARNING_RATE
    return replace(settings, learning_rate=rate)
