"""Attention over packed sequences equals attention over each sequence alone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from harness_torch.packed import Packed, attend, pack

CPU = torch.device("cpu")
LENGTHS = (4, 4, 1, 9, 2)


def packed(*, is_padded: bool) -> Packed:
    rows = [list(range(n)) for n in LENGTHS]
    return pack(rows, [[0] * n for n in LENGTHS], device=CPU, is_padded=is_padded)


def states(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(seed)
    query, key, value = torch.randn(3, sum(LENGTHS), 2, 8)
    return query, key, value


def one_by_one(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    pieces = zip(*(x.split(LENGTHS) for x in (query, key, value)), strict=True)
    rows = [
        F.scaled_dot_product_attention(*(x.transpose(0, 1) for x in piece))
        for piece in pieces
    ]
    return torch.cat([row.transpose(0, 1).flatten(1) for row in rows])


def test_sequences_lie_end_to_end_with_their_bounds() -> None:
    batch = pack([[5, 6], [7]], [[0, 1], [0]], device=CPU)
    assert batch.ids.tolist() == [5, 6, 7]
    assert batch.positions.tolist() == [0, 1, 0]
    assert batch.segments.tolist() == [0, 1, 0]
    assert batch.bounds.tolist() == [0, 2, 3]
    assert batch.first.tolist() == [0, 2]


def test_neighbours_of_one_length_share_a_group() -> None:
    groups = packed(is_padded=False).groups
    assert [(group.sequences, group.tokens) for group in groups] == [
        (2, 8),
        (1, 1),
        (1, 9),
        (1, 2),
    ]


@pytest.mark.parametrize("is_padded", [False, True])
def test_attention_equals_each_sequence_alone(is_padded: bool) -> None:
    query, key, value = states(1)
    ours = attend(query, key, value, packed(is_padded=is_padded))
    assert torch.allclose(ours, one_by_one(query, key, value), rtol=0, atol=1e-6)


@pytest.mark.parametrize("is_padded", [False, True])
def test_first_tokens_alone_get_the_rows_of_all(is_padded: bool) -> None:
    query, key, value = states(2)
    batch = packed(is_padded=is_padded)
    every = attend(query, key, value, batch)
    first = attend(query[batch.first], key, value, batch)
    assert torch.allclose(first, every[batch.first], rtol=0, atol=1e-6)


def test_padded_gradients_equal_unpadded_ones() -> None:
    gradients = []
    for is_padded in (False, True):
        query, key, value = (x.requires_grad_() for x in states(3))
        attend(query, key, value, packed(is_padded=is_padded)).square().sum().backward()
        gradients.append(torch.cat([query.grad, key.grad, value.grad]))  # type: ignore[list-item] # backward has filled them
    unpadded, padded = gradients
    assert torch.allclose(padded, unpadded, rtol=1e-4, atol=1e-5)
