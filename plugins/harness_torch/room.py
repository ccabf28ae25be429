"""How many tokens a forward may hold, by the memory that a GPU has left."""

from __future__ import annotations

import torch
from torch import nn

SHARE = 0.5
"""Of the free memory; attention, its masks and what is copied need some too."""
FEWEST = 2048
MOST = 65_536
"""More keep no GPU busier."""


def tokens_that_fit(
    module: nn.Module, device: torch.device, dtype: torch.dtype
) -> int | None:
    """Return a first bound; an engine halves it where it turns out too large.

    None on a CPU, where memory is not what bounds a forward.
    """
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return tokens_in(free + kept, module, dtype)


def tokens_in(free_bytes: int, module: nn.Module, dtype: torch.dtype) -> int:
    """Return the tokens that some memory has room for.

    A token is taken to need all that the linear layers put out for it, as if nothing
    was freed before the last layer: the keys and values of a cache are a part of that.
    """
    layers = [part for part in module.modules() if isinstance(part, nn.Linear)]
    bytes_per_token = sum(layer.out_features for layer in layers) * dtype.itemsize
    fitting = int(SHARE * free_bytes) // max(1, bytes_per_token)
    return min(MOST, max(FEWEST, fitting))
