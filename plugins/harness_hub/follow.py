"""The most probable token in place of each one of a text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from harness_hub.batches import Batches, Padding, Row
from harness_hub.output_rows import OutputRows
from harness_torch.abilities import check_finite
from harness_torch.follow import read_of
from harness_torch.rolling import Window
from harness_torch.scoring import ROWS


class GreedyTokens:
    """Tells what a decoder would have written at each token, the true ones before it.

    Args:
        rows: computes what is asked of a forward.
        padding: makes inputs of rows.
        batches: puts rows together.
        title: how messages name the model.
    """

    def __init__(
        self, rows: OutputRows, padding: Padding, batches: Batches, *, title: str
    ) -> None:
        self._rows = rows
        self._padding = padding
        self._batches = batches
        self._title = title

    def __call__(self, windows: Sequence[Window]) -> list[list[int]]:
        """Return a token in place of each one that a window scores.

        Raises:
            CheckpointError: the model's output is not a number.
        """

        def compute(places: Sequence[int]) -> list[Tensor]:
            some = [windows[place] for place in places]
            return take_windows(self._rows, self._padding, some)

        lengths = [len(read_of(window)) for window in windows]
        found: dict[int, list[int]] = {}
        for places in self._batches.groups(lengths, compute):
            taken = compute(places)  # greedy at once: a text's states take much room
            found.update(zip(places, map(self._best, taken), strict=True))
        return [found[place] for place in range(len(windows))]

    def _best(self, rows: Tensor) -> list[int]:
        best: list[int] = []
        for start in range(0, len(rows), ROWS):
            logits = self._rows.project(rows[start : start + ROWS])
            check_finite(logits, self._title)
            best += torch.argmax(logits, dim=-1).tolist()
        return best


def take_windows(
    rows: OutputRows, padding: Padding, windows: Sequence[Window]
) -> list[Tensor]:
    """Return the rows that windows' scored tokens follow, from one forward.

    Args:
        rows: computes what is asked of a forward.
        padding: makes inputs of rows.
        windows: what is read and scored.
    """
    inputs = padding.inputs([Row(read_of(window)) for window in windows])
    asked = [
        list(range(len(w.context) - 1, len(w.context) - 1 + len(w.scored)))
        for w in windows
    ]
    return rows.take(inputs, asked)
