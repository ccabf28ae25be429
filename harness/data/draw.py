"""Seeded draws of examples: samples, the selection slice, few-shot exemplars.

A draw orders examples by a hash of seed and id, so it is the same on every platform
and does not depend on what else is drawn, or on Python's own random generator.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from harness.errors import DataError, UsageError
from harness.requests import JsonValue
from harness.task import Example

_BINS = 10


class SplitOff(NamedTuple):
    """A training split in two: what is left to train on, and the slice to select on."""

    rest: list[Example]
    slice: list[Example]


def choose(examples: Iterable[Example], count: int, salt: str) -> list[int]:
    """Return the positions of a draw that keeps the shares of the targets.

    Every label gets its share of `count`, rounded by the largest remainder; numbers
    are cut into ten bins of equal size in the order of their values.

    Args:
        examples: read once; a few bytes an example are kept.
        count: how many to draw, at most the number of examples.
        salt: purpose and seed, such as ``sample 1``.
    """
    orders, keys = array("Q"), []
    for example in examples:
        orders.append(_order(salt, example.id))
        keys.append(_stratum_key(example.target))
    strata = _strata(keys, orders, bins=min(_BINS, max(count, 1)))
    quotas = share_out([len(stratum) for stratum in strata], count)
    drawn = zip(strata, quotas, strict=True)
    return sorted(position for stratum, quota in drawn for position in stratum[:quota])


def choose_balanced(
    examples: Iterable[Example], count: int, salt: str, labels: Sequence[str] = ()
) -> list[int]:
    """Return the positions of a draw with as many of each label as there can be.

    Numbers are cut into ten bins of equal size in the order of their values, which
    take turns as labels do; texts and other targets are drawn plainly. A larger draw
    of the same salt holds the smaller one.

    Args:
        examples: read once; a few bytes an example are kept.
        count: how many to draw, at most the number of examples.
        salt: purpose and seed, such as ``few 1``.
        labels: the targets that are labels, empty where none is.
    """
    orders, keys = array("Q"), []
    for example in examples:
        orders.append(_order(salt, example.id))
        keys.append(_stratum_key(example.target))
    known = set(labels)
    if all(isinstance(key, float) or key in known for key in keys):
        places = _in_turns(_strata(keys, orders, bins=_BINS))
    else:
        places = iter(sorted(range(len(keys)), key=orders.__getitem__))
    return sorted(islice(places, count))


def choose_groups(examples: Iterable[Example], count: int, salt: str) -> list[int]:
    """Return the positions of a draw of whole groups, so that none is cut apart.

    Groups are drawn until the next would make more than `count` examples; the first
    is taken whatever its size.

    Args:
        examples: read once; each has a group.
        count: how many examples to draw at most.
        salt: purpose and seed, such as ``sample 1``.
    """
    groups: dict[str, list[int]] = {}
    for position, example in enumerate(examples):
        groups.setdefault(str(example.group), []).append(position)
    chosen: list[int] = []
    for name in sorted(groups, key=lambda name: _order(salt, name)):
        if chosen and len(chosen) + len(groups[name]) > count:
            break
        chosen += groups[name]
    return sorted(chosen)


def take(examples: Iterable[Example], positions: Sequence[int]) -> list[Example]:
    """Return the examples at ascending positions, reading no further than the last."""
    if not positions:
        return []
    wanted = set(positions)
    read = enumerate(islice(examples, positions[-1] + 1))
    return [example for position, example in read if position in wanted]


def split_off(examples: Sequence[Example], share: float, seed: int) -> SplitOff:
    """Split a seeded, stratified slice off, to select on; both keep their order.

    Where examples have groups (the answers to one question), a group is not cut apart,
    so that training does not see a part of what is selected on.

    Args:
        examples: a labelled training split.
        share: the slice's part of all examples, between 0 and 1; both parts get one
            example at least.
        seed: the same seed gives the same slice.

    Raises:
        UsageError: `share` is not between 0 and 1.
        DataError: there are fewer than two examples, or they are all of one group.
    """
    if not 0 < share < 1:
        raise UsageError(
            f"a selection slice of {share} is no part of the training split, expected "
            "a number between 0 and 1: correct the share"
        )
    if len(examples) < 2:
        raise DataError(
            f"a training split of size {len(examples)} has no slice to select on, "
            "expected 2 or more: add examples or select on another split"
        )
    count = slice_size(len(examples), share)
    is_grouped = examples[0].group is not None
    draw = choose_groups if is_grouped else choose
    chosen = set(draw(examples, count, f"select {seed}"))
    if len(chosen) == len(examples):
        raise DataError(
            f"a training split of one group, {examples[0].group!r}, has no slice to "
            "select on, expected 2 or more: add examples or select on another split"
        )
    return SplitOff(
        rest=[e for position, e in enumerate(examples) if position not in chosen],
        slice=[e for position, e in enumerate(examples) if position in chosen],
    )


def slice_size(size: int, share: float) -> int:
    """Return how many of two or more examples a selection slice has."""
    return min(max(round(share * size), 1), size - 1)


def draw_exemplars(examples: Iterable[Example], k: int, seed: int) -> list[Example]:
    """Draw few-shot exemplars: as many of each label as there can be, shuffled.

    Numbers are cut into `k` bins in the order of their values, one from each.

    Args:
        examples: the training split; read twice, so not an iterator.
        k: how many exemplars.
        seed: the same seed gives the same exemplars in the same order.

    Raises:
        DataError: fewer than `k` labelled examples may be drawn.
    """
    orders, keys, positions = array("Q"), [], array("Q")
    for position, example in enumerate(examples):
        if example.target is not None:
            orders.append(_order(f"exemplars {seed}", example.id))
            keys.append(_stratum_key(example.target))
            positions.append(position)
    if len(positions) < k:
        raise DataError(
            f"{k} exemplars were asked for and {len(positions)} labelled examples may "
            "be drawn: ask for fewer shots or give more training examples"
        )
    drawn = list(islice(_in_turns(_strata(keys, orders, bins=max(k, 1))), k))
    order = {positions[i]: orders[i] for i in drawn}
    chosen = zip(sorted(order), take(examples, sorted(order)), strict=True)
    return [e for _, e in sorted(chosen, key=lambda pair: order[pair[0]])]


def share_out(sizes: Sequence[int], count: int) -> list[int]:
    """Share `count` among groups in proportion to their sizes, by largest remainder.

    Equal remainders go to the groups that come first.
    """
    total = sum(sizes)
    if total == 0:
        return [0 for _ in sizes]
    quotas = [count * size // total for size in sizes]
    by_remainder = sorted(
        range(len(sizes)), key=lambda i: count * sizes[i] % total, reverse=True
    )
    for i in by_remainder[: count - sum(quotas)]:
        quotas[i] += 1
    return quotas


def _order(salt: str, example_id: str) -> int:
    key = f"{salt}\n{example_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")


def _stratum_key(target: JsonValue) -> float | str:
    if isinstance(target, int | float) and not isinstance(target, bool):
        return float(target)
    text = target if isinstance(target, str) else json.dumps(target, sort_keys=True)
    if len(text) <= 64:
        return text
    # long targets are texts, of which only whether they are equal matters here
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass")).hexdigest()


def _strata(
    keys: Sequence[float | str], orders: Sequence[int], *, bins: int
) -> list[list[int]]:
    """Group positions by key, each group and the groups themselves in drawn order."""
    if all(isinstance(key, float) for key in keys):
        groups = _bins(keys, orders, bins)
    else:
        groups = {}
        for position, key in enumerate(keys):
            groups.setdefault(key, []).append(position)
    ordered = [sorted(group, key=orders.__getitem__) for group in groups.values()]
    return sorted(ordered, key=lambda group: orders[group[0]])


def _bins(
    values: Sequence[float | str], orders: Sequence[int], bins: int
) -> dict[float | str, list[int]]:
    ranked = sorted(range(len(values)), key=lambda i: (values[i], orders[i]))
    groups: dict[float | str, list[int]] = {}
    for rank, position in enumerate(ranked):
        groups.setdefault(float(rank * bins // len(ranked)), []).append(position)
    return groups


def _in_turns(strata: Sequence[Sequence[int]]) -> Iterator[int]:
    for turn in range(max(map(len, strata), default=0)):
        yield from (stratum[turn] for stratum in strata if turn < len(stratum))
