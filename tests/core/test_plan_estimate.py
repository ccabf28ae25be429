"""How long a plan may take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.api import carry_out
from harness.plan import Plan
from harness.plan.estimate import Estimate, estimate
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.results import CellResult, Cost
from harness.suite import make_suite


def plan(toy: Plugins, **settings: Any) -> Plan:
    values = {"models": ["memory:blank"], "tasks": ["toy"], "data": "sample"}
    suite = make_suite({**values, "regimes": ["finetune:learn"], **settings})
    return make_plan(suite, toy)


@pytest.fixture
def earlier(toy: Plugins, tmp_path: Path) -> CellResult:
    """Run one cell and pretend that it took 2 s after a training of 10 s."""
    place = str(tmp_path / "store.sqlite")
    made = plan(toy, tasks=["toy/colours"])
    (cell,) = carry_out(made, toy, place, "harness run").results.cells
    return replace(cell, cost=Cost(seconds=2.0, examples=20, train_seconds=10.0))


def test_an_empty_store_knows_nothing(toy: Plugins) -> None:
    found = estimate(plan(toy).cells, [])
    assert (found.judged, found.unknown) == (0, 2)
    assert str(found).startswith("expected time unknown")


def test_a_shared_training_counts_once(toy: Plugins, earlier: CellResult) -> None:
    found = estimate(plan(toy).cells, [earlier])
    assert found == Estimate(seconds=2.0 + 2.0 + 10.0, judged=2, unknown=0)


def test_every_seed_trains_anew(toy: Plugins, earlier: CellResult) -> None:
    found = estimate(plan(toy, seeds=[1, 2]).cells, [earlier])
    assert found.seconds == 2 * 14.0


def test_another_model_is_unknown(toy: Plugins, earlier: CellResult) -> None:
    found = estimate(plan(toy).cells, [replace(earlier, model="other:")])
    assert (found.judged, found.unknown) == (0, 2)


def test_baselines_take_no_time(toy: Plugins, earlier: CellResult) -> None:
    assert estimate([], [earlier]) == Estimate(0.0, 0, 0)


def test_an_estimate_says_what_it_covers() -> None:
    told = "about 3 min for 4 of them, judged by earlier runs; unknown for 1 more"
    assert str(Estimate(seconds=170.0, judged=4, unknown=1)) == told
