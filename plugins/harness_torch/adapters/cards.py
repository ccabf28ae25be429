"""What is known of a base model with its adapter before weights load. Light: no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from harness import CheckpointError, ModelCard, ModelName
from harness.requests import Request
from harness_torch.adapters.folder import PROMPTED, Adapter, read_adapter
from harness_torch.adapters.naming import split_name
from harness_torch.heads.labels import HEAD_OF
from harness_torch.weights import fingerprint

_SHOWN = 12


class Identified(Protocol):
    """A checkpoint, as far as an adapter needs to know its base."""

    @property
    def title(self) -> str:
        """How messages name it."""

    @property
    def identity(self) -> str:
        """What tells its weights from all others; see `harness_torch.weights`."""


def describe_named(
    name: ModelName,
    describe: Callable[[ModelName], ModelCard],
    open_checkpoint: Callable[[ModelName], Identified],
) -> ModelCard:
    """Describe a model, with its adapter where the name has one.

    Args:
        name: the model's name.
        describe: describes a model without an adapter.
        open_checkpoint: opens one.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the base or the adapter can't be used, or they don't belong
            together.
    """
    named = split_name(name)
    if named is None:
        return describe(name)
    card, adapter = describe(named.base), read_adapter(named.adapter)
    check_base(adapter, open_checkpoint(named.base))
    virtual = adapter.virtual_tokens
    longest = card.max_tokens
    return replace(
        card,
        abilities=_abilities(card, adapter),
        trainable=frozenset(),  # merge it first: its base is no longer what it was
        head=adapter.head,
        fingerprint=fingerprint(
            (), {"base": card.fingerprint, "adapter": adapter.fingerprint()}
        ),
        parameters=(card.parameters or 0) + adapter.parameters,
        max_tokens=None if longest is None else longest - virtual,
        facts={
            **card.facts,
            "base": str(named.base),
            "adapter": f"{adapter.method}, {adapter.parameters} parameters",
        },
    )


def check_base(adapter: Adapter, base: Identified) -> None:
    """Refuse a base that an adapter was not trained on, where the adapter says.

    Raises:
        CheckpointError: it belongs to other weights.
    """
    told = adapter.base
    if told is None or told.identity == base.identity:
        return
    raise CheckpointError(
        f"the adapter {adapter.folder} does not belong to {base.title}, whose weights "
        f"are {base.identity[:_SHOWN]}: it was trained on {told.name} with the weights "
        f"{told.identity[:_SHOWN]}, so put that before the plus sign"
    )


def _abilities(card: ModelCard, adapter: Adapter) -> frozenset[type[Request]]:
    if adapter.head is not None:
        return frozenset({HEAD_OF[adapter.head.kind]})
    return card.abilities & PROMPTED if adapter.virtual_tokens else card.abilities
