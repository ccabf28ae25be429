"""Prefixes: what every token of a layer sees besides the texts."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from harness_torch.attention import attend
from harness_torch.cache import Asked, KeyValueCache, PackedAttention
from harness_torch.packed import pack
from harness_torch.prefix import Prefix

CPU = torch.device("cpu")
LENGTHS = (5, 5, 3)
HEADS, KEY_HEADS, SIZE = 4, 2, 8


def states(tokens: int = sum(LENGTHS)) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(tokens)
    key, value = torch.randn(2, tokens, KEY_HEADS, SIZE)
    return torch.randn(tokens, HEADS, SIZE), key, value


def prefixed(tokens: int = 3) -> Prefix:
    prefix = Prefix(KEY_HEADS, SIZE)
    torch.manual_seed(7)
    prefix.put(*torch.randn(2, tokens, KEY_HEADS, SIZE))
    return prefix


def by_hand(prefix: Prefix, *, is_causal: bool, added: float = 0.0) -> Tensor:
    """Attend sequence by sequence, with a softmax over prefix and text."""
    rows = []
    for q, k, v in zip(*(torch.split(x, list(LENGTHS)) for x in states()), strict=True):
        keys, values = (
            torch.cat(pair).repeat_interleave(HEADS // KEY_HEADS, 1)
            for pair in zip(prefix.vectors, (k, v), strict=True)
        )
        scores = torch.einsum("qhd,khd->hqk", q, keys) / math.sqrt(SIZE)
        own = torch.full((len(q), len(q)), added)
        if is_causal:
            own = own.masked_fill(~torch.ones_like(own).tril().bool(), -torch.inf)
        before = torch.zeros(len(q), len(prefix.vectors[0]))
        weights = (scores + torch.cat([before, own], dim=1)).softmax(dim=-1)
        rows.append(torch.einsum("hqk,khd->qhd", weights, values).flatten(1))
    return torch.cat(rows)


@pytest.mark.parametrize("is_padded", [False, True])
@pytest.mark.parametrize("is_causal", [False, True])
def test_a_prefix_is_seen_by_every_token(is_causal: bool, is_padded: bool) -> None:
    packed = pack(
        [[0] * n for n in LENGTHS],
        device=CPU,
        is_causal=is_causal,
        is_padded=is_padded,
    )
    ours = attend(*states(), packed, prefix=prefixed())
    assert torch.allclose(ours, by_hand(prefixed(), is_causal=is_causal), atol=1e-6)


def test_scores_that_are_added_leave_the_prefix() -> None:
    packed = pack([[0] * n for n in LENGTHS], device=CPU)
    added = [torch.full((1, 1, g.longest, g.longest), 1.5) for g in packed.groups]
    ours = attend(*states(), packed, scores=added, prefix=prefixed())
    theirs = by_hand(prefixed(), is_causal=False, added=1.5)
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_one_token_that_asks_sees_the_prefix() -> None:
    packed = pack([[0] * n for n in LENGTHS], device=CPU)
    query, key, value = states()
    ours = attend(query[packed.first], key, value, packed, prefix=prefixed())
    whole = by_hand(prefixed(), is_causal=False)
    assert torch.allclose(ours, whole[packed.first], atol=1e-6)


def test_a_step_behind_what_is_remembered_sees_the_prefix() -> None:
    (q, k, v), prefix = states(6), prefixed()
    cache = KeyValueCache()
    begun = cache.join(pack([[0] * 5], device=CPU, is_causal=True))
    begun(Asked(0, q[:5], k[:5], v[:5], prefix=prefix))
    ours = cache.step()(Asked(0, q[5:], k[5:], v[5:], prefix=prefix))
    every = PackedAttention(pack([[0] * 6], device=CPU, is_causal=True))
    theirs = every(Asked(0, q, k, v, prefix=prefix))[5:]
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_an_empty_prefix_changes_nothing() -> None:
    packed = pack([[0] * n for n in LENGTHS], device=CPU, is_causal=True)
    ours = attend(*states(), packed, prefix=Prefix(KEY_HEADS, SIZE))
    assert torch.equal(ours, attend(*states(), packed))


def test_a_fresh_prefix_has_nothing_to_say() -> None:
    prefix = Prefix(KEY_HEADS, SIZE)
    prefix.draw(3, torch.Generator().manual_seed(1), CPU)
    keys, values = prefix.vectors
    assert keys.std().item() == pytest.approx(0.5, rel=0.3)
    assert not values.any()


def test_what_is_trained_is_ten_times_smaller_than_what_is_used() -> None:
    prefix = Prefix(KEY_HEADS, SIZE)
    prefix.draw(3, torch.Generator().manual_seed(1), CPU)
    assert prefix.keys is not None
    assert torch.allclose(prefix.vectors[0], 10 * prefix.keys)
