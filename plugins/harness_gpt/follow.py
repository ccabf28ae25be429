"""The most probable token in place of each one of a text, read packed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor

from harness_gpt.decoder import Decoder
from harness_gpt.trees import cut_at_once
from harness_torch.abilities import check_finite
from harness_torch.cache import PackedAttention
from harness_torch.device import send
from harness_torch.follow import read_of
from harness_torch.packed import pack
from harness_torch.rolling import Window
from harness_torch.scoring import ROWS


class GreedyTokens:
    """Tells what a decoder would have written at each token, the true ones before it.

    Args:
        model: the decoder.
        device: where it is.
        title: how messages name it.
    """

    def __init__(self, model: Decoder, *, device: torch.device, title: str) -> None:
        self._model = model
        self._device = device
        self._title = title

    def __call__(self, windows: Sequence[Window]) -> list[list[int]]:
        """Return a token in place of each one that a window scores.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        costs = [len(read_of(window)) for window in windows]
        order = sorted(range(len(windows)), key=costs.__getitem__)
        found: dict[int, list[int]] = {}
        for places in cut_at_once(order, costs):
            chosen = iter(self._read([windows[place] for place in places]))
            for place in places:
                found[place] = [next(chosen) for _ in windows[place].scored]
        return [found[place] for place in range(len(windows))]

    def _read(self, windows: Sequence[Window]) -> list[int]:
        hidden = window_states(self._model, windows, device=self._device)
        return [
            token
            for start in range(0, len(hidden), ROWS)
            for token in self._best(hidden[start : start + ROWS])
        ]

    def _best(self, hidden: Tensor) -> list[int]:
        logits = self._model.logits(hidden)
        check_finite(logits, self._title)
        best: list[int] = logits.argmax(dim=-1).tolist()
        return best


def window_states(
    model: Decoder, windows: Sequence[Window], *, device: torch.device
) -> Tensor:
    """Return the states that windows' scored tokens follow, ``(rows, width)``."""
    reads = [read_of(window) for window in windows]
    packed = pack(reads, device=device, is_causal=True)
    ends = accumulate(len(read) for read in reads)
    rows = [
        row
        for window, end in zip(windows, ends, strict=True)
        for row in range(end - len(window.scored), end)
    ]
    return model(
        packed.ids,
        packed.positions,
        PackedAttention(packed),
        send(torch.tensor(rows), device),
    )
