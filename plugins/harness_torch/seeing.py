"""What one more token of each row sees: its own row, and what all rows share."""

from __future__ import annotations

import torch
from torch import Tensor

from harness_torch.prefix import Seen


def attend_to_both(heads: Tensor, shared: Seen, own: Seen, scale: float) -> Tensor:
    """Attend to what all rows share and to what each has of its own, at once.

    What is shared meets the queries of all rows in one product.

    Args:
        heads: queries, ``(rows, key heads, queries, size)``.
        shared: keys and values of one row, ``(1, key heads, tokens, size)``.
        own: of each row.
        scale: what scores are multiplied by.
    """
    rows, _, queries, _ = heads.shape

    def together(states: Tensor) -> Tensor:
        return states.transpose(0, 1).flatten(1, 2)  # (key heads, rows * queries, ...)

    def apart(states: Tensor) -> Tensor:
        return states.view(len(states), rows, queries, -1).transpose(0, 1)

    asking = heads * scale
    every = apart(together(asking) @ shared.keys[0].transpose(-1, -2))
    each = asking @ own.keys.transpose(-1, -2)
    if shared.mask is not None:
        every = every + shared.mask
    if own.mask is not None:
        each = each + own.mask
    scores = torch.cat([every, each], dim=-1)
    wide = torch.promote_types(scores.dtype, torch.float32)
    weights = scores.softmax(dim=-1, dtype=wide).to(heads.dtype)
    first, second = torch.split(weights, [every.shape[-1], each.shape[-1]], dim=-1)
    attended: Tensor = apart(together(first) @ shared.values[0]) + second @ own.values
    return attended


def sight(lengths: Tensor, longest: int, *, window: int | None = None) -> Tensor:
    """Return which places each row's newest token sees, ``(rows, longest)``.

    Args:
        lengths: places that each row has filled, ``(rows,)``.
        longest: the most of them.
        window: how many places a token sees, itself included; all by default.
    """
    places = torch.arange(longest, device=lengths.device)
    seen = places < lengths[:, None]
    if window is not None:
        seen &= places >= lengths[:, None] - window
    return seen


def added_by(seen: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what is added to scores so that rows see this, ``(rows, 1, 1, longest)``.

    The kernel would make it of truth values itself, once in every layer.
    """
    added = torch.zeros_like(seen, dtype=dtype).masked_fill_(~seen, -torch.inf)
    return added[:, None, None]
