"""One token more after what is remembered equals reading the whole again."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness_torch.cache import Asked, Beside, KeyValueCache, PackedAttention
from harness_torch.packed import pack

CPU = torch.device("cpu")
States = tuple[Tensor, Tensor, Tensor]


def states(tokens: int) -> States:
    torch.manual_seed(tokens)
    query = torch.randn(tokens, 4, 8)
    key, value = torch.randn(2, tokens, 2, 8)
    return query, key, value


def joined(rows: list[States]) -> States:
    query, key, value = (torch.cat(parts) for parts in zip(*rows, strict=True))
    return query, key, value


def newest(rows: list[States], window: int | None = None) -> Tensor:
    """Attend within each whole row and return its last token's answer."""
    packed = pack([[0] * len(r[0]) for r in rows], device=CPU, is_causal=True)
    every = PackedAttention(packed)(Asked(0, *joined(rows), window=window))
    return every[packed.last]


def part(row: States, start: int, end: int) -> States:
    query, key, value = (x[start:end] for x in row)
    return query, key, value


def prefilled(
    rows: list[States], held: int, window: int | None = None
) -> KeyValueCache:
    """Remember each row but for its last tokens."""
    lengths = [len(row[0]) - held for row in rows]
    packed = pack([[0] * n for n in lengths], device=CPU, is_causal=True)
    cache = KeyValueCache()
    attending = cache.join(packed)
    begun = [part(row, 0, n) for row, n in zip(rows, lengths, strict=True)]
    attending(Asked(0, *joined(begun), window=window))
    return cache


def stepped(
    cache: KeyValueCache, rows: list[States], back: int, window: int | None = None
) -> Tensor:
    """Take each row's token that stands `back` places before its end."""
    tokens = [part(r, len(r[0]) - back, len(r[0]) - back + 1) for r in rows]
    return cache.step()(Asked(0, *joined(tokens), window=window))


@pytest.mark.parametrize("window", [None, 3])
def test_steps_equal_the_whole(window: int | None) -> None:
    rows = [states(n) for n in (9, 4, 6)]
    cache = prefilled(rows, 2, window)
    stepped(cache, rows, 2, window)
    ours = stepped(cache, rows, 1, window)
    assert torch.allclose(ours, newest(rows, window), rtol=0, atol=1e-6)


def test_slots_grow_beyond_their_first_room() -> None:
    rows = [states(n) for n in (150, 141)]
    cache = prefilled(rows, 140)
    for back in range(140, 1, -1):
        stepped(cache, rows, back)
    ours = stepped(cache, rows, 1)
    assert torch.allclose(ours, newest(rows), rtol=0, atol=1e-6)


def test_rows_may_be_left_out_repeated_and_reordered() -> None:
    rows = [states(n) for n in (9, 4, 6)]
    cache = prefilled(rows, 2)
    stepped(cache, rows, 2)
    cache.select([2, 0, 2])
    chosen = [rows[2], rows[0], rows[2]]
    assert cache.lengths.tolist() == [5, 8, 5]
    ours = stepped(cache, chosen, 1)
    assert torch.allclose(ours, newest(chosen), rtol=0, atol=1e-6)


def test_rows_that_share_a_past_go_on_apart() -> None:
    rows = [states(6)]
    cache = prefilled(rows, 2)
    cache.select([0, 0])
    other = (rows[0][0], rows[0][1] * 2, rows[0][2])
    both = [rows[0], other]
    stepped(cache, both, 2)
    ours = stepped(cache, both, 1)
    mixed = (other[0], torch.cat([rows[0][1][:4], other[1][4:]]), other[2])
    assert torch.allclose(ours, newest([rows[0], mixed]), rtol=0, atol=1e-6)


def test_no_rows_may_be_left() -> None:
    cache = prefilled([states(5)], 2)
    cache.select([])
    assert cache.lengths.tolist() == []


def test_keys_are_not_repeated_for_the_heads_that_share_them() -> None:
    cache = prefilled([states(9), states(4)], 2)
    keys, values = cache.read(0)
    assert keys.shape == values.shape == (2, 2, 7, 8)


@pytest.mark.parametrize("window", [None, 9])
def test_what_all_rows_begin_with_is_kept_once_and_seen_by_all(
    window: int | None,
) -> None:
    begun = states(5)
    own = [states(n) for n in (7, 5, 6)]
    whole = [joined([begun, row]) for row in own]
    kept, cache = KeyValueCache(), KeyValueCache()
    kept.join(pack([[0] * 5], device=CPU, is_causal=True))(Asked(0, *begun))
    lengths = [len(row[0]) - 3 for row in own]
    packed = pack([[0] * n for n in lengths], device=CPU, is_causal=True)
    first = [part(row, 0, n) for row, n in zip(own, lengths, strict=True)]
    cache.join(packed, kept)(Asked(0, *joined(first), window=window))
    stepped(cache, whole, 3, window)
    cache.select([2, 1, 0])
    turned = whole[::-1]
    stepped(cache, turned, 2, window)
    ours = stepped(cache, turned, 1, window)
    assert torch.allclose(ours, newest(turned, window), rtol=0, atol=1e-6)
    assert cache.read(0)[0].shape[2] == 7
    assert cache.lengths.tolist() == [11, 10, 12]


def test_rows_join_those_there_are_and_take_the_places_of_others() -> None:
    rows = [states(n) for n in (9, 4, 6)]
    cache = prefilled(rows[:2], 2)
    stepped(cache, rows[:2], 2)
    cache.select([1])
    attending = cache.step()
    packed = pack([[0] * 5], device=CPU, is_causal=True)
    both = Beside(attending, 1, cache.join(packed))
    made = both(Asked(0, *joined([part(rows[1], 3, 4), part(rows[2], 0, 5)])))
    assert torch.allclose(made[:1], newest([rows[1]]), rtol=0, atol=1e-6)
    others = [(rows[1][0][:4], *rows[1][1:]), rows[2]]
    again = [joined([others[0], states(1)]), rows[2]]
    ours = stepped(cache, again, 1)
    assert torch.allclose(ours, newest(again), rtol=0, atol=1e-6)


def test_rows_that_begin_otherwise_do_not_stand_side_by_side() -> None:
    cache = prefilled([states(5)], 2)
    packed = pack([[0]], device=CPU, is_causal=True)
    with pytest.raises(ValueError, match="begin otherwise"):
        cache.join(packed, KeyValueCache())
