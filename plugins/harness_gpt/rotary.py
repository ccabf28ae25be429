"""Rotary positions: cosines and sines for places, computed in fp32 at each forward.

They are no buffers, which a cast of the module to bf16 would spoil.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from harness_gpt.rope import Rope


class Rotation(NamedTuple):
    """Cosines and sines of each token's place, ``(T, 1, D)``, fp32."""

    cos: Tensor
    sin: Tensor

    def apply(self, states: Tensor) -> Tensor:
        """Turn ``(T, heads, D)``: a head's first half with its second."""
        first, second = states.chunk(2, dim=-1)
        turned = torch.cat((-second, first), dim=-1)
        # The reference rounds the tables to the states' precision, and so do we.
        cos, sin = self.cos.to(states.dtype), self.sin.to(states.dtype)
        return states * cos + turned * sin


def rotation(rope: Rope, size: int, positions: Tensor) -> Rotation:
    """Return the turn of each place.

    Args:
        rope: the settings.
        size: the size of a head.
        positions: ``(T,)``.
    """
    frequencies = _frequencies(rope, size).to(positions.device)
    angles = positions[:, None].float() * frequencies  # (T, D / 2)
    angles = torch.cat((angles, angles), dim=-1)[:, None]
    scale = rope.attention_scale
    return Rotation(angles.cos() * scale, angles.sin() * scale)


@lru_cache(maxsize=64)
def _frequencies(rope: Rope, size: int) -> Tensor:
    """Return radians a place, ``(size / 2,)``."""
    with torch.inference_mode(False):
        powers = rope.theta ** (torch.arange(0, size, 2, dtype=torch.float) / size)
        plain = 1.0 / powers
        if rope.kind == "linear":
            return plain / rope.factor
        if rope.kind == "llama3":
            return _llama3(plain, rope)
        if rope.kind == "yarn":
            return _yarn(powers, rope, size)
        return plain


def _llama3(plain: Tensor, rope: Rope) -> Tensor:
    """Stretch long waves, leave short ones, and blend those between.

    As Llama 3.1 does; Grattafiori et al. 2024, https://arxiv.org/abs/2407.21783.
    """
    wavelength = 2 * math.pi / plain
    low, high = rope.low_frequency, rope.high_frequency
    blend = (rope.original_length / wavelength - low) / (high - low)
    blended = (1 - blend) * plain / rope.factor + blend * plain
    is_long = wavelength > rope.original_length / low
    is_short = wavelength < rope.original_length / high
    return torch.where(is_long, plain / rope.factor, plain.where(is_short, blended))


def _yarn(powers: Tensor, rope: Rope, size: int) -> Tensor:
    """Stretch by how often a wave turns over the original length.

    Peng et al. 2023, https://arxiv.org/abs/2309.00071, section 3.2.
    """

    def dimension(turns: float) -> float:
        waves = rope.original_length / (turns * 2 * math.pi)
        return size * math.log(waves) / (2 * math.log(rope.theta))

    low, high = dimension(rope.beta_fast), dimension(rope.beta_slow)
    if rope.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    high = high + 0.001 if low == high else high
    places = torch.arange(size // 2, dtype=torch.float32)
    kept = 1 - ((places - low) / (high - low)).clamp(0, 1)
    return 1.0 / (rope.factor * powers) * (1 - kept) + 1.0 / powers * kept
