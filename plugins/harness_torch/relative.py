"""What is added to the scores of attention by how far apart two tokens are."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from harness_torch.packed import Packed, places_of, sight_of


def relative_scores(
    packed: Packed, bias: Callable[[Tensor], Tensor]
) -> tuple[Tensor, ...]:
    """Return what is added to each group's scores, for layers that share a bias.

    Where a token sees nothing, it is minus infinity. Branches are as far from the
    trunk as their positions say.

    Args:
        packed: the batch.
        bias: gives, for distances ``(sequences or 1, longest, longest)`` from each
            query's place to each key's (below 0 for what came before), what is added,
            ``(sequences or 1, heads, longest, longest)``.
    """
    made = []
    for places, group in zip(places_of(packed), packed.groups, strict=True):
        added = bias(places[:, None] - places[:, :, None])
        seen = sight_of(group, added.device)
        made.append(added if seen is None else added.masked_fill(~seen, -torch.inf))
    return tuple(made)
