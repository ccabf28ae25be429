"""What did not fit a model is counted, and fails a cell where a suite says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.cli.run import losses, waste
from harness.errors import DataError
from harness.ledger import Ledger, check_share, told
from harness.requests import Answer, answer_from_json, to_json
from harness.requests import RegressAnswer as Some
from harness.results import Caveats, CellResult, Cost
from harness.store.result_json import result_from_json, result_to_json


def kept(*examples: list[Answer]) -> Ledger:
    ledger = Ledger()
    for answers in examples:
        ledger.note(answers)
    return ledger


def cell(model: str, caveats: Caveats) -> CellResult:
    return CellResult(
        fingerprint=model,
        model=model,
        is_baseline=False,
        task="toy/a",
        task_title="A",
        task_version=1,
        metrics_column="a",
        split="validation",
        regime="zero-shot",
        caveats=caveats,
    )


def test_tokens_are_summed_and_examples_counted_once() -> None:
    cut = Some(value=0, tokens=8, truncated_tokens=3, truncated_side="left")
    ledger = kept([cut, cut], [Some(value=0, tokens=5)], [cut])
    assert (ledger.truncated, ledger.truncated_tokens) == (2, 9)
    assert (ledger.read_tokens, ledger.truncated_side) == (29, "left")


def test_exemplars_are_those_of_the_example_not_of_each_request() -> None:
    dropped = Some(value=0, dropped_shots=2)
    ledger = kept([dropped, dropped], [Some(value=0)], [Some(value=0, dropped_shots=1)])
    assert (ledger.dropped_shots, ledger.dropped_exemplars) == (2, 3)


def test_different_sides_are_both() -> None:
    left = Some(value=0, truncated_tokens=3, truncated_side="left")
    right = Some(value=0, truncated_tokens=3, truncated_side="right")
    assert kept([left], [right]).truncated_side == "both"


def test_nothing_cut_has_no_side() -> None:
    assert kept([Some(value=0, tokens=5)]).truncated_side is None


def test_an_answer_of_an_older_store_has_no_side() -> None:
    text = '{"kind":"RegressAnswer","truncated_tokens":2,"value":0.5}'
    answer = answer_from_json(text)
    assert (answer.truncated_tokens, answer.truncated_side) == (2, None)
    assert answer_from_json(to_json(answer)) == answer


def test_a_result_of_an_older_store_says_what_it_knows() -> None:
    text = result_to_json(cell("a:", Caveats(truncated=3)))
    older = text.replace('"truncated_tokens": 0, "truncated_side": null, ', "")
    assert older != text
    assert result_from_json(older, ()).caveats == Caveats(truncated=3)


CUT = Caveats(
    truncated=3,
    truncated_tokens=1200,
    truncated_side="right",
    read_tokens=8800,
    dropped_shots=2,
    dropped_exemplars=5,
    split_size=12,
)


@pytest.mark.parametrize("limit", [0.25, 0.5, 1.0])
def test_a_share_as_large_as_the_limit_passes(limit: float) -> None:
    check_share(CUT, 12, limit)


@pytest.mark.parametrize("limit", [0.0, 0.24])
def test_a_larger_share_fails_with_what_was_cut(limit: float) -> None:
    with pytest.raises(DataError) as caught:
        check_share(CUT, 12, limit)
    assert str(caught.value) == (
        "3 of 12 inputs were cut, by 1,200 of 10,000 tokens on the right, expected a "
        f"share of {limit:g} or less: choose a model with a longer input, or raise "
        "--max-truncated"
    )


@pytest.mark.parametrize(
    ("side", "where"),
    [("left", " on the left"), ("both", " on both sides"), (None, "")],
)
def test_the_side_is_told_where_it_is_known(side: str | None, where: str) -> None:
    caveats = Caveats(truncated=1, truncated_tokens=2, truncated_side=side)  # type: ignore[arg-type] # of the test's own list
    assert told(caveats, 4) == f"1 of 4 inputs were cut, by 2 of 2 tokens{where}"


def test_a_run_ends_with_the_worst_of_what_did_not_fit() -> None:
    less = Caveats(truncated=1, truncated_tokens=1, split_size=12, dropped_shots=1)
    assert list(losses([cell("a:", less), cell("b:", CUT), cell("c:", Caveats())])) == [
        "2 with cut inputs, most b: on toy/a: 3 of 12 inputs were cut, by 1,200 of "
        "10,000 tokens on the right",
        "2 with dropped exemplars, most b: on toy/a: 5 from 2 examples",
    ]


def test_a_run_in_which_all_fits_says_nothing_of_it() -> None:
    assert list(losses([cell("c:", Caveats(split_size=12))])) == []


def test_much_padding_is_told_with_what_helps() -> None:
    cells = [
        replace(cell(name, Caveats()), cost=Cost(padding=share))
        for name, share in (("a:", 0.25), ("b:", 0.43), ("c:", 0.19), ("d:", None))
    ]
    assert list(waste(cells)) == [
        "2 with much padding, most b: on toy/a: 43% of the positions computed held no "
        "token; a smaller batch_tokens pads less, and adapters that pack sequences pad "
        "nothing"
    ]
    assert list(waste(cells[2:])) == []
