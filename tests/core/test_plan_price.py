"""What questions to paid servers can cost at most."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.plan import EvaluateCell
from harness.plan.planner import make_plan
from harness.plan.price import Tokens, most_tokens, price_ceiling
from harness.plugins import Plugins
from harness.requests import Embed, Generate, Request, Score
from harness.suite import make_suite

AROUND = 64  # tokens allowed for what a server puts around a text


def cell(toy: Plugins, prices: tuple[float, float] | None, **more: Any) -> EvaluateCell:
    values = {"models": ["reader:"], "tasks": ["toy/colours"], "data": "sample"}
    (made,) = make_plan(make_suite({**values, **more}), toy).cells
    assert made.card is not None
    return replace(made, card=replace(made.card, token_prices=prices))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Generate(prompt="né?", max_tokens=9), Tokens(4 + AROUND, 9)),
        (Score(context="ab", choices=("c", "de")), Tokens(3 + 4 + 2 * AROUND, 2)),
        (Embed(text="abcde"), Tokens(5 + AROUND, 1)),
    ],
)
def test_every_byte_counts_as_a_token(request_: Request, expected: Tokens) -> None:
    assert most_tokens(request_) == expected


def test_a_cell_costs_what_all_its_requests_cost(toy: Plugins) -> None:
    made = cell(toy, (2.0, 8.0), limit=3)
    assert made.formulation is not None
    asked = [r for e in made.examples() for r in made.formulation.requests(e)]
    read, written = (
        sum(column) for column in zip(*map(most_tokens, asked), strict=True)
    )
    assert len(asked) == 3
    assert price_ceiling([made]) == pytest.approx((read * 2 + written * 8) / 1e6)


def test_exemplars_are_paid_for_too(toy: Plugins) -> None:
    few = price_ceiling([cell(toy, (1.0, 1.0), regimes=["few-shot:4"])])
    none = price_ceiling([cell(toy, (1.0, 1.0))])
    assert few is not None
    assert none is not None
    assert few > none


def test_what_has_no_price_has_no_ceiling(toy: Plugins) -> None:
    assert price_ceiling([cell(toy, None)]) is None
