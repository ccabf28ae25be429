"""bf16 beside fp32 in one store: rows of their own, and how far they are apart."""

from __future__ import annotations

from functools import partial

import pytest

from harness.api import run
from harness.results import CellResult, Results
from harness_reports.leaderboard import build_view


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Return what a store holds of a decoder asked in bf16, then in fp32."""
    store = str(tmp_path_factory.mktemp("drift") / "store.db")
    ask = partial(run, models=["gpt:tiny"], tasks=["glue/sst2"], data="sample")
    ask = partial(ask, limit=20, store=store, formulation="rank")
    (before,) = ask(dtype="bf16").cells
    (exact,) = ask(dtype="fp32").cells
    (after,) = ask(dtype="bf16").cells
    assert (before.drift, exact.drift) == (None, None)
    return Results(cells=[exact, after])


def half_of(results: Results) -> CellResult:
    return next(cell for cell in results.cells if cell.dtype == "bf16")


def test_drift_is_measured_whichever_ran_first(results: Results) -> None:
    drift = half_of(results).drift
    assert drift is not None
    assert (drift.what, drift.compared) == ("log-probability", 20)
    assert drift.largest is not None
    assert drift.median is not None
    assert 0 < drift.median < drift.largest < 1


def test_our_own_models_compute_no_padding(results: Results) -> None:
    assert [cell.cost.padding for cell in results.cells] == [0.0, 0.0]


def test_bf16_is_a_row_of_its_own_that_says_so(results: Results) -> None:
    rows = build_view(results).rows
    assert [(row.label, row.precision) for row in rows] == [
        ("gpt:tiny", ""),
        ("gpt:tiny · bf16", "bf16"),
    ]


def test_the_flag_beside_the_score_tells_the_drift(results: Results) -> None:
    (section,) = build_view(results).sections
    flags = {
        standing.row.precision: [flag.text for flag in standing.entries[0].flags]
        for standing in section.models
    }
    told = [text for text in flags["bf16"] if "against fp32" in text]
    assert len(told) == 1
    assert "of 20 predictions changed, log-probability differs by" in told[0]
    assert not any("fp32" in text for text in flags[""])
