"""What a part of a training run remembers, so that a later process can go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Tensors by name, and what JSON can hold."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class Part(Protocol):
    """A part of a run whose state changes from step to step."""

    def state(self) -> State:
        """Return what is needed to go on; the tensors may be the part's own."""

    def restore(self, state: State) -> None:
        """Stand where the state was taken.

        Raises:
            CheckpointError: the state is of another model; nothing was changed then.
        """
