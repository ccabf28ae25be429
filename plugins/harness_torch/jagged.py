"""Attention over sequences of different lengths in one kernel, without padding.

What PyTorch calls jagged nested tensors: a tensor of all tokens, and where each
sequence begins. On a GPU their attention is FlashAttention's kernel for variable
lengths (Dao 2023, https://arxiv.org/abs/2307.08691).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from harness_torch.packed import Packed

_AMPERE = (8, 0)
_LARGEST_HEAD = 256


def is_worth_it(query: Tensor) -> bool:
    """Tell whether these queries would meet the kernel that needs no padding.

    That is where a model trains in half precision on a GPU that has the kernel. Elsewhere
    PyTorch would pad them itself, or answer by another kernel than was tested.
    """
    return (
        query.is_cuda
        and query.requires_grad
        and query.dtype in (torch.bfloat16, torch.float16)
        and query.shape[-1] % 8 == 0
        and query.shape[-1] <= _LARGEST_HEAD
        and torch.backends.cuda.flash_sdp_enabled()  # type: ignore[no-untyped-call] # by torch
        and torch.cuda.get_device_capability(query.device) >= _AMPERE
    )


def attend_jagged(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    packed: Packed,
    *,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """Attend as `harness_torch.attention.attend` does, where the batch `is_plain`.

    Args:
        query: of all tokens, ``(tokens, heads, size)``.
        key: ``(tokens, key heads, size)``; each serves as many query heads in a row.
        value: ``(tokens, key heads, size)``.
        packed: the batch that the tokens are of.
        dropout: probability that an attention weight is dropped.
        scale: what scores are multiplied by; by default 1 over the root of the size.

    Returns:
        Heads side by side, ``(tokens, heads * size)``.
    """
    shared = query.shape[1] // key.shape[1]
    if shared > 1:
        key, value = (rows.repeat_interleave(shared, 1) for rows in (key, value))
    lengths = [sum(layout) for layout in packed.layouts]

    def lay(rows: Tensor) -> Tensor:
        # with the lengths' range nobody has to ask the device for it
        made = torch.nested.nested_tensor_from_jagged(
            rows, packed.bounds, min_seqlen=min(lengths), max_seqlen=max(lengths)
        )
        return made.transpose(1, 2)  # (sequences, heads, tokens of each, size)

    attended = F.scaled_dot_product_attention(
        lay(query), lay(key), lay(value), dropout_p=dropout, scale=scale
    )
    return attended.transpose(1, 2).values().flatten(1)
