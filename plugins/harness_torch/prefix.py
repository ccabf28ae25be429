"""Prefixes: trained keys and values that every token of a layer sees.

Li and Liang 2021, https://arxiv.org/abs/2101.00190; at every layer, without a network
that makes them: Liu et al. 2022 (P-Tuning v2), https://arxiv.org/abs/2110.07602. They
take no place in a sequence, so texts keep their positions and a head its token.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PACE = 10.0
"""What is trained is this many times smaller than what is used.

So prefixes move faster than the head at one learning rate; AdamW's steps don't depend
on the size of a gradient.
"""

_SPREAD = 0.5
"""Of fresh keys' elements, so that no two are alike."""


class Seen(NamedTuple):
    """What queries see: keys and values, and which of them (all where None)."""

    keys: Tensor
    values: Tensor
    mask: Tensor | None


class Before(Protocol):
    """What every token of a layer sees besides its sequence."""

    @property
    def is_empty(self) -> bool:
        """Whether that is nothing."""

    def before(self, seen: Seen) -> Seen:
        """Put it before what queries see."""


class Prefix(nn.Module):
    """Where a layer's keys and values may have a prefix; empty at first.

    Args:
        heads: how many key heads the layer has.
        size: how long a key is.

    Attributes:
        keys: what is trained of the prefix's keys, ``(tokens, heads, size)``.
        values: likewise of its values.
        pace: what both are multiplied with.
    """

    keys: nn.Parameter | None
    values: nn.Parameter | None

    def __init__(self, heads: int, size: int) -> None:
        super().__init__()
        self.heads = heads
        self.size = size
        self.pace = 1.0
        self.register_parameter("keys", None)
        self.register_parameter("values", None)

    def draw(
        self, tokens: int, generator: torch.Generator, device: torch.device
    ) -> None:
        """Begin a prefix that is trained: drawn keys, and values of zero.

        So it says nothing at first; it only takes a share of the attention. Vectors of
        words would say much, and spoil what a frozen model makes of a text.
        """
        shape = (tokens, self.heads, self.size)
        keys = torch.randn(shape, generator=generator) * (_SPREAD / PACE)
        self.pace = PACE
        self.keys = nn.Parameter(keys.to(device))
        self.values = nn.Parameter(torch.zeros(shape, device=device))

    def put(self, keys: Tensor, values: Tensor) -> None:
        """Take a trained prefix, ``(tokens, heads, size)`` each."""
        self.pace = 1.0
        self.keys, self.values = nn.Parameter(keys), nn.Parameter(values)

    @property
    def is_empty(self) -> bool:
        """Whether the layer has no prefix."""
        return self.keys is None

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        """The keys and the values as they are used; nothing where there are none."""
        if self.keys is None or self.values is None:
            return ()
        return self.keys * self.pace, self.values * self.pace

    def before(self, seen: Seen) -> Seen:
        """Put the prefix before what queries see.

        Args:
            seen: keys and values ``(sequences, heads, length, size)``, with as many
                heads as the layer has key heads or a multiple of them; the mask holds
                truth values or what is added to the scores, ``(..., length)``.
        """
        vectors = self.vectors
        return put_before(seen, *vectors) if vectors else seen


def find_prefixes(module: nn.Module) -> dict[str, Prefix]:
    """Return where a module's layers have or may have prefixes, by path."""
    parts = module.named_modules()
    return {path: part for path, part in parts if isinstance(part, Prefix)}


def put_before(seen: Seen, keys: Tensor, values: Tensor) -> Seen:
    """Let all queries see more keys and values, ``(tokens, heads, size)`` each."""
    joined = Seen(_join(keys, seen.keys), _join(values, seen.values), None)
    if seen.mask is None:
        return joined
    is_truth = seen.mask.dtype == torch.bool
    shown = F.pad(seen.mask, (len(keys), 0), value=1.0 if is_truth else 0.0)
    return joined._replace(mask=shown)


def _join(vectors: Tensor, states: Tensor) -> Tensor:
    own = vectors.to(states.dtype).transpose(0, 1)  # (heads, tokens, size)
    own = own.repeat_interleave(states.shape[1] // len(own), 0)
    return torch.cat([own.expand(len(states), -1, -1, -1), states], dim=2)
