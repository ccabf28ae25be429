"""Training examples that are drawn anew for every step, such as masked texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from harness import Encoded


@runtime_checkable
class Redrawing(Protocol):
    """A trainable model whose examples are not the same in every epoch."""

    def redraw(self, batch: Sequence[Encoded], epoch: int) -> list[Encoded]:
        """Return a whole step's examples as they are in an epoch, counted from 0.

        A function of the examples' keys and the epoch alone, so that a resumed run
        draws what it would have drawn. Called before a step is cut into micro-batches
        and shared between processes.
        """


def redrawn(model: object, batch: list[Encoded], epoch: int) -> list[Encoded]:
    """Return a step's examples, drawn anew where the model does that."""
    return model.redraw(batch, epoch) if isinstance(model, Redrawing) else batch
