"""Settings of the objectives. Light: they are read wherever objectives are listed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from harness import ModelCard, UsageError
from harness.recipe import setting_error
from harness_torch.training.settings import LoopSettings, resolve_rate

USUAL_LENGTH = 512
SHORTEST = 8
_USUAL = LoopSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSettings(LoopSettings):
    """How text is cut, and the loop's own settings.

    Attributes:
        length: tokens of a block, special ones included; the model's longest input, at
            most 512, where None.
        documents: where a document ends: with its ``file``, or at ``blank-lines`` too.
    """

    length: int | None = None
    documents: Literal["file", "blank-lines"] = "file"

    def __post_init__(self) -> None:
        # Not super(): a slotted dataclass is not the class that super() looks for.
        LoopSettings.__post_init__(self)
        if self.length is not None and self.length < SHORTEST:
            raise setting_error("length", self.length, f"{SHORTEST} or more")
        for name in ("select_on", "select_share", "train_examples"):
            value = getattr(self, name)
            if value != getattr(_USUAL, name):
                expected = "it left alone (--hold-out and max_examples are for texts)"
                raise setting_error(name, value, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedSettings(TextSettings):
    """How words are masked.

    Attributes:
        mask_rate: share of the tokens that must be said.
        masks: ``dynamic`` draws them anew in every epoch, ``static`` once.
        whole_words: whether all tokens of a word are masked together.
    """

    mask_rate: float = 0.15
    masks: Literal["dynamic", "static"] = "dynamic"
    whole_words: bool = False

    def __post_init__(self) -> None:
        TextSettings.__post_init__(self)
        check_share("mask_rate", self.mask_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSettings(MaskedSettings):
    """How words are masked in pairs of texts.

    Attributes:
        short_rate: share of the pairs that are of a random shorter length.
    """

    short_rate: float = 0.1

    def __post_init__(self) -> None:
        MaskedSettings.__post_init__(self)
        if not 0 <= self.short_rate < 1:
            raise setting_error("short_rate", self.short_rate, "from 0 to below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettings(TextSettings):
    """How words are ordered.

    Attributes:
        asked_rate: share of the tokens that must be said, the last in their order.
        draws: ``dynamic`` draws orders anew in every epoch, ``static`` once.
    """

    asked_rate: float = 1 / 6
    draws: Literal["dynamic", "static"] = "dynamic"

    def __post_init__(self) -> None:
        TextSettings.__post_init__(self)
        check_share("asked_rate", self.asked_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanSettings(TextSettings):
    """How spans are corrupted.

    Attributes:
        noise_rate: share of the tokens that must be said.
        mean_span: tokens in a span, on average.
        draws: ``dynamic`` draws spans anew in every epoch, ``static`` once.
    """

    noise_rate: float = 0.15
    mean_span: float = 3.0
    draws: Literal["dynamic", "static"] = "dynamic"

    def __post_init__(self) -> None:
        TextSettings.__post_init__(self)
        check_share("noise_rate", self.noise_rate)
        if not self.mean_span >= 1:
            raise setting_error("mean_span", self.mean_span, "1 or more")


def check_share(name: str, value: float) -> None:
    """Refuse a share that asks for nothing or for all.

    Raises:
        UsageError: it is not between 0 and 1.
    """
    if not 0 < value < 1:
        raise setting_error(name, value, "between 0 and 1")


SettingsT = TypeVar("SettingsT", bound=TextSettings)


def resolve(settings: SettingsT, card: ModelCard) -> SettingsT:
    """Take learning rate and length from the model where the settings name none.

    Raises:
        UsageError: the model reads no blocks of that length.
    """
    longest = card.max_tokens or USUAL_LENGTH
    if settings.length is not None and settings.length > longest:
        raise UsageError(
            f"the training setting length is {settings.length}, expected at most "
            f"{longest}, the model's longest input: lower it"
        )
    length = settings.length or min(longest, USUAL_LENGTH)
    return replace(resolve_rate(settings, card), length=length)
