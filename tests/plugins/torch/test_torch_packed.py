"""Attention over packed sequences equals attention over each sequence alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from harness_torch.attention import attend
from harness_torch.packed import Packed, pack
from harness_torch.relative import relative_scores

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


def alone(
    query: Tensor, key: Tensor, value: Tensor, sees: Callable[[int, int], bool]
) -> Tensor:
    """Attend within one sequence, the slow way: one query and its keys at a time."""
    rows = []
    for place, asking in enumerate(query):
        seen = [other for other in range(len(key)) if sees(place, other)]
        keys, values = (x[seen].repeat_interleave(2, 1) for x in (key, value))
        scores = torch.einsum("hd,khd->hk", asking, keys) / asking.shape[-1] ** 0.5
        rows.append(torch.einsum("hk,khd->hd", scores.softmax(-1), values).flatten())
    return torch.stack(rows)


def grouped_states(tokens: int) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(3)
    return (
        torch.randn(tokens, 4, 8),
        torch.randn(tokens, 2, 8),
        torch.randn(tokens, 2, 8),
    )


@pytest.mark.parametrize("is_padded", [False, True])
@pytest.mark.parametrize("window", [2, 100])
def test_causal_attention_sees_what_came_before_within_its_window(
    is_padded: bool, window: int
) -> None:
    batch = pack(
        [[0] * n for n in LENGTHS], device=CPU, is_causal=True, is_padded=is_padded
    ).windowed(window)
    states = grouped_states(sum(LENGTHS))
    ours = attend(*states, batch)
    pieces = zip(*(x.split(LENGTHS) for x in states), strict=True)
    slow = [alone(q, k, v, lambda i, j: i - window < j <= i) for q, k, v in pieces]
    assert torch.allclose(ours, torch.cat(slow), rtol=0, atol=1e-6)


@pytest.mark.parametrize("is_padded", [False, True])
def test_a_branch_sees_the_trunk_and_itself(is_padded: bool) -> None:
    layouts = [(3, 2, 1), (3, 2, 1), (2,), (1, 3)]
    lengths = [sum(layout) for layout in layouts]
    batch = pack(
        [[0] * n for n in lengths],
        device=CPU,
        is_causal=True,
        layouts=layouts,
        is_padded=is_padded,
    )
    assert batch.positions.tolist() == [0, 1, 2, 3, 4, 3] * 2 + [0, 1] + [0, 1, 2, 3]
    query, key, value = grouped_states(sum(lengths))
    ours = attend(query, key, value, batch)
    # the first sequence as two that don't branch
    for branch in ([0, 1, 2, 3, 4], [0, 1, 2, 5]):
        slow = alone(query[branch], key[branch], value[branch], lambda i, j: j <= i)
        assert torch.allclose(ours[branch], slow, rtol=0, atol=1e-6)


@pytest.mark.parametrize("is_padded", [False, True])
@pytest.mark.parametrize("is_causal", [False, True])
def test_a_bias_is_added_to_the_scores(is_padded: bool, is_causal: bool) -> None:
    batch = pack(
        [[0] * n for n in LENGTHS], device=CPU, is_causal=is_causal, is_padded=is_padded
    )
    query, key, value = states(4)

    def bias(distances: Tensor) -> Tensor:
        return torch.stack([distances * 0.3, distances * -0.1], dim=1)

    scores = relative_scores(batch, bias)
    ours = attend(query, key, value, batch, scores=scores, scale=1.0)
    pieces = zip(*(x.split(LENGTHS) for x in (query, key, value)), strict=True)
    rows = []
    for q, k, v in pieces:
        place = torch.arange(len(q))
        slow = (
            torch.einsum("qhd,khd->hqk", q, k) + bias((place - place[:, None])[None])[0]
        )
        if is_causal:
            slow = slow.masked_fill(~torch.ones(len(q), len(q)).tril().bool(), -1e9)
        rows.append(torch.einsum("hqk,khd->qhd", slow.softmax(-1), v).flatten(1))
    assert torch.allclose(ours, torch.cat(rows), rtol=0, atol=1e-6)


@pytest.mark.parametrize("is_padded", [False, True])
def test_a_branch_is_as_far_from_the_trunk_as_its_positions_say(
    is_padded: bool,
) -> None:
    layouts = [(3, 2, 1), (2,)]
    ids = [[0] * sum(layout) for layout in layouts]
    batch = pack(ids, device=CPU, is_causal=True, layouts=layouts, is_padded=is_padded)
    query, key, value = grouped_states(8)
    key, value = (x.repeat_interleave(2, 1) for x in (key, value))
    bias = partial(torch.stack, dim=1)
    scores = relative_scores(batch, lambda distances: bias([distances * 0.3] * 4))
    ours = attend(query, key, value, batch, scores=scores)
    for branch in ([0, 1, 2, 3, 4], [0, 1, 2, 5]):  # as sequences that don't branch
        one = pack([[0] * len(branch)], device=CPU, is_causal=True)
        scores = relative_scores(one, lambda distances: bias([distances * 0.3] * 4))
        states = query[branch], key[branch], value[branch]
        slow = attend(*states, one, scores=scores)
        assert torch.allclose(ours[branch], slow, rtol=0, atol=1e-6)
