"""The tiny model of each family of our own, and all that it can be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harness import LoadSettings, ModelCard, ModelName
from harness.requests import Request
from harness_bert import plugin as bert
from harness_gpt import plugin as gpt
from harness_t5 import plugin as t5


class Family(NamedTuple):
    """How a family's models are described and loaded."""

    describe: Callable[[ModelName], ModelCard]
    load: Callable[[ModelName, LoadSettings], Any]


FAMILIES = {
    "bert": Family(bert.describe, bert.load),
    "gpt": Family(gpt.describe, gpt.load),
    "t5": Family(t5.describe, t5.load),
}


def abilities() -> list[tuple[str, type[Request]]]:
    """Return families and what each can be asked, in order."""
    cards = {
        f: own.describe(ModelName.parse(f"{f}:tiny")) for f, own in FAMILIES.items()
    }
    able = [(f, one) for f, card in cards.items() for one in card.abilities]
    return sorted(able, key=lambda pair: (pair[0], pair[1].__name__))


def load_tiny(family: str) -> Any:  # each family's adapter
    """Load a family's tiny model."""
    return FAMILIES[family].load(ModelName.parse(f"{family}:tiny"), LoadSettings())
