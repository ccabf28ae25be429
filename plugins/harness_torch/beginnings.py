"""Tokens that many sequences begin with, such as a task's exemplars, read once.

Every sequence's own tokens attend to the keys and values that were kept of the
beginning, so what they come to is what a reading of the whole would come to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from harness_torch.cache import Attending, KeyValueCache
from harness_torch.packed import pack

SHORTEST = 8
"""Tokens from which a beginning is worth keeping."""

Ids = tuple[int, ...]
Read = Callable[[Tensor, Tensor, Attending, Tensor], Tensor]
"""Runs a decoder on ids and positions, both ``(tokens,)``, and returns some rows."""


class Beginning:
    """What several sequences begin with; read when it is first attended to.

    It lives as long as the encoded requests that share it, and is of use as long as
    the model's weights stay as they are.

    Attributes:
        ids: its tokens.
    """

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self._kept: KeyValueCache | None = None

    def kept(self, read: Read, device: torch.device) -> KeyValueCache:
        """Return its keys and values, as one row.

        Args:
            read: the decoder.
            device: where that is.
        """
        if self._kept is None:
            whole = pack([self.ids], device=device, is_causal=True)
            kept = KeyValueCache()
            read(whole.ids, whole.positions, kept.join(whole), whole.last)
            self._kept = kept
        return self._kept


def shared_beginning(sequences: Sequence[Ids]) -> Ids:
    """Return what all sequences begin with, but for the last token of the shortest.

    Of a single sequence, or where it is not worth keeping, nothing.
    """
    if len(sequences) < 2:
        return ()
    first, last = min(sequences), max(sequences)  # all others lie between these two
    most = min(len(sequence) for sequence in sequences) - 1
    pairs = zip(first[:most], last[:most], strict=False)
    differs = (place for place, (one, other) in enumerate(pairs) if one != other)
    shared = next(differs, min(most, len(first), len(last)))
    return first[:shared] if shared >= SHORTEST else ()
