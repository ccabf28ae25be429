"""Buckets of distances, each of which has a bias of its own.

Raffel et al. 2019, https://arxiv.org/abs/1910.10683, section 2.1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def bucket(
    distances: Tensor, *, is_bidirectional: bool, count: int, reach: int
) -> Tensor:
    """Return the bucket of each distance: one each for near ones, then ever wider.

    Args:
        distances: from a query's place to a key's.
        is_bidirectional: whether what comes after has buckets of its own, the upper
            half; otherwise it falls to distance 0.
        count: how many buckets there are.
        reach: from this distance on all share a bucket.
    """
    base = torch.zeros_like(distances)
    if is_bidirectional:
        count //= 2
        base = (distances > 0).long() * count
        far = distances.abs()
    else:
        far = (-distances).clamp(min=0)
    exact = count // 2
    # fp32 in this order, as the reference: elsewhere a border may fall otherwise
    share = torch.log(far.clamp(min=1).float() / exact) / math.log(reach / exact)
    wide = (exact + (share * (count - exact)).long()).clamp(max=count - 1)
    return base + torch.where(far < exact, far, wide)
