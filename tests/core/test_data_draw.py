"""Seeded draws: the same everywhere, with the shares of the targets kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from harness import (
    Classification,
    Data,
    DataError,
    Example,
    Regression,
    Task,
    UsageError,
)
from harness.data import Split, Table, draw_exemplars, load_split, split_off
from harness.data.draw import choose_balanced, share_out, take
from harness.requests import JsonValue
from harness.task import Row


class Targets:
    """Serves one example for each target, with rising ids."""

    def __init__(self, targets: Sequence[JsonValue]) -> None:
        self.targets = targets

    def table(self, task: Task, split: str) -> Table:
        rows = [
            {"idx": i, "text": f"text {i}", "label": target}
            for i, target in enumerate(self.targets)
        ]
        return Table(
            origin="here",
            columns=("idx", "text", "label"),
            size=len(rows),
            rows=lambda: iter(rows),
        )


@dataclass(frozen=True)
class Tables:
    """Serves one table for every split."""

    only: Table

    def table(self, task: Task, split: str) -> Table:
        return self.only


def load(targets: Sequence[JsonValue], *, numbers: bool = False) -> Split:
    task = Task(
        id="my/texts",
        title="",
        summary="",
        data=Data(hub=None, folder=""),
        problem=Regression(inputs=("text",), low=0, high=1000)
        if numbers
        else Classification(inputs=("text",), labels=("a", "b", "c")),
        metrics=("accuracy",),
    )
    return load_split(task, Targets(targets), "train")


def count(examples: Sequence[Example]) -> dict[JsonValue, int]:
    return dict(Counter(str(example.target) for example in examples))


def ids(examples: Sequence[Example]) -> list[int]:
    return [int(example.id) for example in examples]


ABC = load([0] * 60 + [1] * 30 + [2] * 10)
NUMBERS = load([float(i * 7 % 1000) for i in range(1000)], numbers=True)


@pytest.mark.parametrize(
    ("sizes", "total", "shares"),
    [
        # the Hare quota's example in Wikipedia's "Largest remainders method"
        ((47000, 16000, 15900, 12000, 6000, 3100), 10, [5, 2, 1, 1, 1, 0]),
        ((60, 30, 10), 10, [6, 3, 1]),
        ((1, 1, 1), 2, [1, 1, 0]),
        ((0, 0), 5, [0, 0]),
        ((), 5, []),
    ],
)
def test_shares_are_rounded_by_the_largest_remainder(
    sizes: tuple[int, ...], total: int, shares: list[int]
) -> None:
    assert share_out(sizes, total) == shares


def test_sample_keeps_the_shares_of_the_labels() -> None:
    assert count(ABC.sample(10, seed=1)) == {"a": 6, "b": 3, "c": 1}


def test_sample_is_in_the_data_sets_order() -> None:
    assert ids(ABC.sample(50, seed=1)) == sorted(ids(ABC.sample(50, seed=1)))


def test_sample_is_the_same_on_every_platform() -> None:
    assert ids(ABC.sample(5, seed=1)) == [4, 47, 51, 60, 83]


def test_another_seed_draws_another_sample() -> None:
    assert ids(ABC.sample(20, seed=1)) != ids(ABC.sample(20, seed=2))


def test_sample_of_numbers_takes_a_tenth_from_every_tenth_of_the_values() -> None:
    drawn = [float(str(e.target)) for e in NUMBERS.sample(100, seed=1)]
    assert Counter(int(value // 100) for value in drawn) == dict.fromkeys(range(10), 10)


def test_sample_of_unlabelled_examples_is_drawn_from_all() -> None:
    drawn = ids(load([-1] * 1000).sample(100, seed=1))
    assert len(drawn) == 100
    assert 300 < sum(drawn) / 100 < 700


def grouped(*groups: str) -> Split:
    """Return a split of examples of the groups given, one after another."""
    data = Data(hub=None, folder="", group_column="text")
    task = replace(ABC.task, data=data)
    rows: list[Row] = [
        {"idx": i, "text": g, "label": i % 3} for i, g in enumerate(groups)
    ]
    table = replace(ABC.table, size=len(rows), rows=lambda: iter(rows))
    return load_split(task, Tables(table), "validation")


def test_sample_of_grouped_examples_cuts_no_group_apart() -> None:
    split = grouped(*"abcdefghij" * 4)
    drawn = Counter(example.group for example in split.sample(15, seed=1))
    assert list(drawn.values()) == [4, 4, 4]


def test_sample_of_grouped_examples_has_one_group_at_least() -> None:
    assert len(grouped(*"aaaabbbb").sample(1, seed=1)) == 4


def test_limit_above_the_size_takes_everything() -> None:
    assert ABC.sample(1000, seed=1) == list(ABC)


@pytest.mark.parametrize("limit", [1, 7, 33, 99, 100])
def test_sample_has_exactly_the_limit(limit: int) -> None:
    assert len(ABC.sample(limit, seed=3)) == limit


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(UsageError, match=f"^a limit of {limit} examples leaves noth"):
        ABC.sample(limit, seed=1)


def test_every_example_is_as_likely_to_be_drawn() -> None:
    drawn = Counter(i for seed in range(200) for i in ids(ABC.sample(50, seed=seed)))
    # 200 draws of one half: mean 100, standard deviation 7.1
    assert len(drawn) == 100
    assert max(abs(times - 100) for times in drawn.values()) < 5 * 7.1


def test_selection_slice_and_rest_are_the_whole() -> None:
    rest, held = split_off(list(ABC), 0.1, seed=1)
    assert sorted(ids(rest) + ids(held)) == list(range(100))


def test_selection_slice_keeps_the_shares_of_the_labels() -> None:
    rest, held = split_off(list(ABC), 0.1, seed=1)
    assert count(held) == {"a": 6, "b": 3, "c": 1}
    assert ids(rest) == sorted(ids(rest))


def test_selection_slice_is_the_same_on_every_platform() -> None:
    assert ids(split_off(list(ABC), 0.05, seed=1).slice) == [2, 52, 54, 65, 81]


@pytest.mark.parametrize(("share", "size"), [(0.001, 1), (0.999, 99)])
def test_selection_slice_leaves_one_example_on_either_side(
    share: float, size: int
) -> None:
    assert len(split_off(list(ABC), share, seed=1).slice) == size


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_selection_share_that_is_no_part_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match=f"^a selection slice of {share} is no part"):
        split_off(list(ABC), share, seed=1)


def test_single_example_has_no_slice() -> None:
    with pytest.raises(
        DataError, match=r"^a training split of size 1 has no slice to se"
    ):
        split_off(list(load([0])), 0.5, seed=1)


def test_selection_slice_cuts_no_group_apart() -> None:
    rest, held = split_off(list(grouped(*"abcdefghij" * 4)), 0.25, seed=1)
    assert not {e.group for e in rest} & {e.group for e in held}
    assert (len(rest), len(held)) == (32, 8)


def test_one_group_has_no_selection_slice() -> None:
    with pytest.raises(DataError, match=r"^a training split of one group, 'a', has no"):
        split_off(list(grouped(*"aaaa")), 0.5, seed=1)


def test_exemplars_are_as_many_of_each_label() -> None:
    assert count(draw_exemplars(ABC, 6, seed=1)) == {"a": 2, "b": 2, "c": 2}


def test_exemplars_of_a_used_up_label_are_made_up_for_by_others() -> None:
    split = load([0] * 50 + [1])
    assert count(draw_exemplars(split, 4, seed=1)) == {"a": 3, "b": 1}


def test_exemplars_of_numbers_are_spread_over_the_values() -> None:
    drawn = [float(str(e.target)) for e in draw_exemplars(NUMBERS, 5, seed=1)]
    assert sorted(int(value // 200) for value in drawn) == [0, 1, 2, 3, 4]


def test_exemplars_are_the_same_on_every_platform() -> None:
    assert ids(draw_exemplars(ABC, 4, seed=1)) == [22, 96, 57, 65]


def test_exemplars_are_not_sorted_by_label() -> None:
    orders = {
        tuple(e.target for e in draw_exemplars(ABC, 3, seed=seed)) for seed in range(9)
    }
    assert len(orders) > 3


def test_which_label_goes_first_depends_on_the_seed() -> None:
    firsts = {draw_exemplars(ABC, 1, seed=seed)[0].target for seed in range(60)}
    assert firsts == {"a", "b", "c"}


def test_unlabelled_examples_are_never_exemplars() -> None:
    examples = [
        Example(id=str(i), columns={}, target="a" if i % 2 else None) for i in range(8)
    ]
    drawn = draw_exemplars(examples, 4, seed=1)
    assert sorted(ids(drawn)) == [1, 3, 5, 7]


def test_too_few_exemplars_are_refused() -> None:
    with pytest.raises(DataError, match=r"^5 exemplars were asked for and 2 labelled"):
        draw_exemplars(load([0, 1]), 5, seed=1)


def test_no_exemplars_are_drawn_for_zero_shots() -> None:
    assert draw_exemplars(ABC, 0, seed=1) == []


def test_sample_and_slice_of_one_seed_are_different_draws() -> None:
    held = split_off(list(ABC), 0.2, seed=1).slice
    assert ids(ABC.sample(20, seed=1)) != ids(held)


@pytest.mark.parametrize("target", [["x", "y"], "long " * 50])
def test_any_json_target_can_be_drawn_from(target: JsonValue) -> None:
    examples = [Example(id=str(i), columns={}, target=target) for i in range(9)]
    assert len(draw_exemplars(examples, 3, seed=1)) == 3


def test_a_balanced_draw_has_as_many_of_each_label() -> None:
    split = load([0] * 90 + [1] * 10)
    drawn = take(split, choose_balanced(split, 16, "few 1", ("a", "b")))
    assert count(drawn) == {"a": 8, "b": 8}


def test_a_balanced_draw_fills_up_where_a_label_is_rare() -> None:
    split = load([0] * 97 + [1] * 3)
    drawn = take(split, choose_balanced(split, 16, "few 1", ("a", "b")))
    assert count(drawn) == {"a": 13, "b": 3}


def test_a_larger_balanced_draw_holds_the_smaller_one() -> None:
    labels, numbers = (
        load([0, 1, 1] * 40),
        load([i / 7 for i in range(120)], numbers=True),
    )
    for split in (labels, numbers):
        small, large = (
            set(choose_balanced(split, size, "few 1", ("a", "b"))) for size in (32, 64)
        )
        assert small < large


def test_a_balanced_draw_of_numbers_takes_turns_among_tenths_of_the_values() -> None:
    split = load([float(i) for i in range(100)], numbers=True)
    drawn = choose_balanced(split, 20, "few 1")
    assert Counter(position // 10 for position in drawn) == dict.fromkeys(range(10), 2)


def test_a_balanced_draw_of_what_is_no_label_is_drawn_from_all() -> None:
    split = load([0] * 90 + [1] * 10)
    drawn = take(split, choose_balanced(split, 50, "few 1"))
    assert count(drawn)["a"] > 40


def test_a_balanced_draw_goes_by_its_seed_alone() -> None:
    split = load([0, 1] * 50)
    one, same, other = (
        choose_balanced(split, 8, f"few {seed}", ("a", "b")) for seed in (1, 1, 2)
    )
    assert one == same != other
