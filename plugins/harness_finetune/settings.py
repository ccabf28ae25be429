"""Settings of the recipes. Light: they are read wherever recipes are listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from harness import ModelCard
from harness.recipe import setting_error
from harness_torch.config import ACTIVATIONS
from harness_torch.training.settings import LoopSettings, SettingsT


@dataclass(frozen=True, slots=True, kw_only=True)
class FullSettings(LoopSettings):
    """How `full` trains: every weight, by the loop's own settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraSettings(LoopSettings):
    """How `lora` trains.

    Attributes:
        rank: how many rows the small matrices have.
        alpha: what they are added with, divided by the rank.
        lora_dropout: of what the small matrices are given; `dropout`, where it is set,
            replaces this too.
        targets: ``query-value``, as in the paper, or ``all-linear``.
    """

    rank: int = 8
    alpha: float = 16.0
    lora_dropout: float = 0.0
    targets: Literal["query-value", "all-linear"] = "query-value"

    def __post_init__(self) -> None:
        LoopSettings.__post_init__(self)
        if self.rank < 1:
            raise setting_error("rank", self.rank, "1 or more")
        if not self.alpha > 0:
            raise setting_error("alpha", self.alpha, "more than 0")
        if not 0 <= self.lora_dropout < 1:
            raise setting_error("lora_dropout", self.lora_dropout, "from 0 to below 1")
        if self.targets not in ("query-value", "all-linear"):
            raise setting_error("targets", self.targets, "query-value or all-linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSettings(LoopSettings):
    """How `adapter` trains.

    Attributes:
        reduction: how many times narrower than the model a bottleneck is.
        activation: within it.
        norms: whether the model's norms are trained too, as in the paper.
    """

    reduction: int = 16
    activation: str = "gelu"
    norms: bool = True

    def __post_init__(self) -> None:
        LoopSettings.__post_init__(self)
        if self.reduction < 1:
            raise setting_error("reduction", self.reduction, "1 or more")
        if self.activation not in ACTIVATIONS:
            raise setting_error("activation", self.activation, " or ".join(ACTIVATIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSettings(LoopSettings):
    """How `prompt-tuning` trains.

    Attributes:
        depth: where virtual tokens stand: before the attention of every layer
            (``all``), or before every ``input``, as in the paper; ``auto`` is the
            former where the model's layers can be given any.
        tokens: how many virtual ones.
    """

    epochs: float = 4.0
    batch_size: int = 8
    weight_decay: float = 0.0
    dropout: float | None = 0.0
    depth: Literal["auto", "all", "input"] = "auto"
    tokens: int = 10

    def __post_init__(self) -> None:
        LoopSettings.__post_init__(self)
        if self.depth not in ("auto", "all", "input"):
            raise setting_error("depth", self.depth, "auto, all or input")
        if self.tokens < 1:
            raise setting_error("tokens", self.tokens, "1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings(LoopSettings):
    """How `linear-probe` trains: one layer, by the loop's own settings."""

    epochs: float = 10.0
    weight_decay: float = 0.3


def own_rate(rate: float) -> Callable[[SettingsT, ModelCard], SettingsT]:
    """Return what takes a recipe's own learning rate where the settings name none."""

    def resolve(settings: SettingsT, card: ModelCard) -> SettingsT:
        if settings.learning_rate is not None:
            return settings
        return replace(settings, learning_rate=rate)

    return resolve
