"""Attention within the sequences of a packed batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from harness_torch.jagged import attend_jagged, is_worth_it
from harness_torch.packed import Group, Packed, causal_sight
from harness_torch.prefix import Before, Seen


def attend(  # noqa: PLR0913 # queries, keys and values are one thing
    query: Tensor,
    key: Tensor,
    value: Tensor,
    packed: Packed,
    *,
    dropout: float = 0.0,
    scale: float | None = None,
    scores: Sequence[Tensor] | None = None,
    prefix: Before | None = None,
) -> Tensor:
    """Attend within each sequence.

    Args:
        query: ``(tokens, heads, size)``, or ``(sequences, heads, size)`` where one
            token of each sequence asks and sees all of it.
        key: ``(tokens, key heads, size)``; each serves as many query heads in a row.
        value: ``(tokens, key heads, size)``.
        packed: the batch that the tokens are of.
        dropout: probability that an attention weight is dropped.
        scale: what scores are multiplied by; by default 1 over the root of the size.
        scores: what `relative_scores` made of the batch, which is added to the scores;
            all tokens must ask.
        prefix: what every token sees besides, if anything.

    Returns:
        One row for each row of `query`, heads side by side: ``(rows, heads * size)``.
    """
    asks_all = len(query) == len(key)
    has_prefix = prefix is not None and not prefix.is_empty
    is_usual = asks_all and scores is None and not has_prefix
    if is_usual and packed.is_plain and is_worth_it(query):
        return attend_jagged(query, key, value, packed, dropout=dropout, scale=scale)
    tokens = [group.tokens for group in packed.groups]
    asking = tokens if asks_all else [group.sequences for group in packed.groups]
    # Not slices: the gradient of each would be as large as the whole batch.
    pieces = zip(
        torch.split(query, asking),
        torch.split(key, tokens),
        torch.split(value, tokens),
        packed.groups,
        [None] * len(tokens) if scores is None else scores,
        strict=True,
    )
    rows = [
        _within(
            (q, k, v),
            group,
            _mask(group, asks_all) if added is None else added,
            dropout=dropout,
            scale=scale,
            prefix=prefix if has_prefix else None,
        )
        for q, k, v, group, added in pieces
    ]
    return rows[0] if len(rows) == 1 else torch.cat(rows)


def _within(
    states: tuple[Tensor, Tensor, Tensor],
    group: Group,
    mask: Tensor | None,
    *,
    dropout: float,
    scale: float | None,
    prefix: Before | None,
) -> Tensor:
    """Attend within the sequences of one group; see `attend`."""
    query, keys, values = _by_head(*states, group)
    asks_all = len(states[0]) == len(states[1])
    is_causal = asks_all and group.is_causal and mask is None
    if is_causal and prefix is not None:  # else the kernel would count from the prefix
        mask, is_causal = causal_sight(group.longest, query.device), False
    seen = Seen(keys, values, mask)
    attended = F.scaled_dot_product_attention(
        query,
        *(seen if prefix is None else prefix.before(seen)),
        dropout_p=dropout,
        is_causal=is_causal,
        scale=scale,
    )
    flat = attended.transpose(1, 2).flatten(0, 1).flatten(1)  # (S * L, H * size)
    filled = group.filled if asks_all else None
    return flat if filled is None else flat.index_select(0, filled)


def _by_head(
    query: Tensor, key: Tensor, value: Tensor, group: Group
) -> tuple[Tensor, Tensor, Tensor]:
    """Return each as ``(sequences, heads, longest or 1, size)``."""
    shared = query.shape[1] // key.shape[1]
    if group.slots is not None:
        # Not by brackets: the way back from those sorts the slots on a GPU.
        if len(query) == len(key):
            query = query.index_select(0, group.slots)
        key, value = (rows.index_select(0, group.slots) for rows in (key, value))

    def split(rows: Tensor) -> Tensor:
        return rows.view(group.sequences, -1, *rows.shape[1:]).transpose(1, 2)

    q, k, v = split(query), split(key), split(value)
    if shared > 1:
        k, v = k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1)
    return q, k, v


def _mask(group: Group, asks_all: bool) -> Tensor | None:
    if asks_all and (group.allowed is not None or group.is_causal):
        return group.allowed  # padding comes last, so who sees only back needs no more
    return group.real
