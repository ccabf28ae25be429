"""Merging the cells of one place: seeds, metrics, failures, caveats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from harness.results import Caveats, CellResult, CellScore, Cost, Drift
from harness_reports.entries import merge
from harness_reports.view import Entry

MakeCell = Callable[..., CellResult]
MakeScore = Callable[..., CellScore]


def merged(cells: Sequence[CellResult]) -> Entry:
    return merge(cells, entry_id="e1", column="c", row="r")


@pytest.fixture
def with_score(cell: MakeCell, score: MakeScore) -> Callable[..., CellResult]:
    def make(value: float, **changes: object) -> CellResult:
        low, high = value - 0.02, value + 0.04
        return cell(
            scores=(score("accuracy", value, 100, low=low, high=high),), **changes
        )

    return make


def test_one_seed_keeps_the_cells_own_interval(with_score: MakeCell) -> None:
    estimate = merged([with_score(0.8)]).estimate
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((80, 78, 84))


def test_seeds_are_averaged_with_their_interval_ends(with_score: MakeCell) -> None:
    estimate = merged([with_score(0.8, seed=1), with_score(0.7, seed=2)]).estimate
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((75, 73, 79))


def test_the_deviation_over_seeds_is_numpys_with_one_degree_less(
    with_score: MakeCell,
) -> None:
    values = [0.81, 0.78, 0.84]
    entry = merged([with_score(v, seed=i) for i, v in enumerate(values)])
    assert entry.deviation == pytest.approx(np.std(np.array(values) * 100, ddof=1))


def test_one_seed_has_no_deviation(with_score: MakeCell) -> None:
    assert merged([with_score(0.8)]).deviation is None


def test_headline_metrics_are_averaged_and_others_are_not(
    cell: MakeCell, score: MakeScore
) -> None:
    scores = (
        score("f1", 0.9, 10),
        score("accuracy", 0.8, 10),
        score("recall", 0.1, 10, is_headline=False),
    )
    assert merged([cell(scores=scores)]).estimate.value == pytest.approx(85)


def test_a_metric_without_interval_leaves_the_mean_without_one(
    cell: MakeCell, score: MakeScore
) -> None:
    scores = (score("f1", 0.9, 10, low=None, high=None), score("accuracy", 0.8, 10))
    estimate = merged([cell(scores=scores)]).estimate
    assert estimate.value == pytest.approx(85)
    assert (estimate.low, estimate.high) == (None, None)


def test_a_cells_own_interval_goes_before_its_metrics(
    cell: MakeCell, score: MakeScore
) -> None:
    scores = (score("f1", 0.9, 10), score("accuracy", 0.8, 10))
    entry = merged([cell(scores=scores, low=82.0, high=88.0, method="bootstrap")])
    assert (entry.estimate.low, entry.estimate.high) == (82.0, 88.0)
    assert entry.method == "bootstrap"


def test_a_method_that_the_metric_tells_is_not_told_again(
    cell: MakeCell, score: MakeScore
) -> None:
    wilson = score("accuracy", 0.8, 10, method="Wilson")
    entry = merged([cell(scores=(wilson,), low=70.0, high=88.0, method="Wilson")])
    assert entry.method == ""


def test_a_score_that_is_no_number_is_undefined(
    cell: MakeCell, score: MakeScore
) -> None:
    nan = score("pearson", float("nan"), 10, low=None, high=None)
    entry = merged([cell(scores=(nan, score("spearman", 0.5, 10)))])
    assert (entry.status, entry.estimate.value) == ("undefined", None)
    assert entry.reason == "the metric is undefined for these predictions"


def test_what_is_undefined_says_why_where_its_metric_knows(
    cell: MakeCell, score: MakeScore
) -> None:
    method = "none, the score is undefined: a side is constant"
    nan = {"low": None, "high": None, "method": method}
    scores = (
        score("pearson", float("nan"), 10, **nan),
        score("spearman", float("nan"), 10, **nan),
    )
    assert merged([cell(scores=scores)]).reason == (
        "the metric is undefined for these predictions: a side is constant"
    )


def test_a_failed_seed_is_flagged_beside_the_others_mean(with_score: MakeCell) -> None:
    failed = with_score(0.1, seed=2, status="failed", reason="out of disk")
    entry = merged([with_score(0.8, seed=1), failed])
    assert entry.estimate.value == pytest.approx(80)
    assert [flag.text for flag in entry.flags] == ["1 of 2 seeds has no score"]


def test_a_place_whose_every_seed_failed_says_why(cell: MakeCell) -> None:
    cells = [cell(seed=s, status="failed", reason="out of disk") for s in (1, 2)]
    entry = merged(cells)
    assert (entry.status, entry.reason, entry.flags) == ("failed", "out of disk", ())


def test_a_place_behind_a_failed_training_is_blocked(cell: MakeCell) -> None:
    assert merged([cell(status="blocked", reason="x")]).status == "blocked"


def test_of_one_seeds_cells_the_one_with_most_examples_counts(
    cell: MakeCell, score: MakeScore
) -> None:
    small = cell(scores=(score("accuracy", 0.9, 10),), caveats=Caveats(limit=10))
    entry = merged([small, cell(scores=(score("accuracy", 0.8, 100),))])
    assert entry.estimate.value == pytest.approx(80)
    assert [flag.code for flag in entry.flags] == ["o"]


def test_of_equal_cells_the_latest_counts(with_score: MakeCell) -> None:
    old = with_score(0.9, provenance={"date": "2026-01-01"})
    new = with_score(0.8, provenance={"date": "2026-02-01"})
    assert merged([new, old]).estimate.value == pytest.approx(80)


def test_confusion_is_summed_over_seeds(cell: MakeCell) -> None:
    matrix = (("a", "b"), ((1, 2), (3, 4)))
    entry = merged([cell(seed=1, confusion=matrix), cell(seed=2, confusion=matrix)])
    assert entry.confusion == (("a", "b"), ((2, 4), (6, 8)))


@pytest.mark.parametrize(
    ("caveats", "code", "text"),
    [
        ({"limit": 10, "split_size": 90}, "p", "only 10 of 90 examples were evaluated"),
        ({"truncated": 3}, "t", "inputs cut to fit the model: 3"),
        (
            {
                "truncated": 3,
                "truncated_tokens": 1200,
                "truncated_side": "left",
                "read_tokens": 8800,
            },
            "t",
            "inputs cut to fit the model: 3, by 1,200 of 10,000 tokens on the left",
        ),
        ({"dropped_shots": 2}, "x", "examples that lost shots to fit: 2"),
        (
            {"dropped_shots": 2, "dropped_exemplars": 5},
            "x",
            "examples that lost shots to fit: 2, 5 shots in all",
        ),
        ({"unparsable": 4}, "u", "answers that could not be read: 4"),
        ({"duplicates": 5}, "d", "examples that stand more than once: 5"),
    ],
)
def test_each_count_has_its_flag(
    cell: MakeCell, caveats: dict[str, Any], code: str, text: str
) -> None:
    entry = merged([cell(caveats=Caveats(**caveats))])
    assert [(flag.code, flag.text) for flag in entry.flags] == [(code, text)]


@pytest.mark.parametrize(
    ("caveat", "code"), [("is_sample", "s"), ("selected_on_evaluated", "v")]
)
def test_each_doubt_has_its_flag(cell: MakeCell, caveat: str, code: str) -> None:
    caveats = Caveats(**{caveat: True})  # type: ignore[arg-type] # two flags
    assert [flag.code for flag in merged([cell(caveats=caveats)]).flags] == [code]


def test_a_limit_that_cuts_nothing_is_no_flag(cell: MakeCell) -> None:
    assert merged([cell(caveats=Caveats(limit=90, split_size=90))]).flags == ()


DRIFT = Drift(
    what="log-probability",
    largest=0.64,
    median=0.081,
    changed=3,
    compared=48,
    score=-2.083,
)


def precision_flags(*cells: CellResult) -> list[str]:
    return [flag.text for flag in merged(cells).flags if flag.code == "b"]


def test_drift_from_fp32_stands_beside_the_score(with_score: MakeCell) -> None:
    assert precision_flags(with_score(0.8, dtype="bf16", drift=DRIFT)) == [
        "ran in bf16; against fp32: score -2.08, 3 of 48 predictions changed, "
        "log-probability differs by 0.64 at most, 0.081 in the median"
    ]


def test_drift_that_nothing_measured_is_said_so(with_score: MakeCell) -> None:
    trained = with_score(0.8, dtype="bf16", cost=Cost(train_seconds=9.0))
    assert precision_flags(trained) == [
        "trained and ran in bf16, drift from fp32 not measured"
    ]


def test_each_seed_tells_its_own_drift(with_score: MakeCell) -> None:
    bare = Drift(what="", largest=None, median=None, changed=1, compared=48, score=None)
    cells = [with_score(0.8, seed=seed, dtype="fp16", drift=bare) for seed in (1, 2)]
    assert precision_flags(*cells) == [
        "ran in fp16; against fp32: seed 1: 1 of 48 predictions changed; "
        "seed 2: 1 of 48 predictions changed"
    ]


@pytest.mark.parametrize("dtype", ["fp32", None])
def test_fp32_has_no_flag(with_score: MakeCell, dtype: str | None) -> None:
    assert precision_flags(with_score(0.8, dtype=dtype)) == []
