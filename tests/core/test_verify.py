"""Every key that an official scorer gave is held against ours; none is skipped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness import DataError, OfficialScorer
from harness.golden import GoldenCase, Tolerances
from harness.verify import KeyVerdict, Status, verify


def case(expected: Mapping[str, Any], **changes: Any) -> GoldenCase:
    fields: dict[str, Any] = {
        "origin": Path("case.json"),
        "suite": "toy",
        "metric": "shares",
        "name": "one",
        "kind": "synthetic",
        "inputs": {"texts": ["a"]},
        "expected": expected,
        "tolerances": Tolerances(everywhere=1e-9),
    }
    return GoldenCase(**(fields | changes))


def scorer(found: Mapping[str, Any], **changes: Any) -> OfficialScorer:
    return OfficialScorer(
        suite="toy", metric="shares", score=lambda _: found, **changes
    )


def judge(
    expected: Mapping[str, Any], found: Mapping[str, Any], **changes: Any
) -> KeyVerdict:
    (verdict,) = verify(case(expected), scorer(found, **changes)).keys
    return verdict


@pytest.mark.parametrize(
    ("expected", "found", "status"),
    [
        (0.5, 0.5, "equal"),
        (0.5, 0.5 + 1e-10, "equal"),
        (0.5, 0.5 + 1e-8, "unequal"),
        (3, 3.0, "equal"),
        ("NaN", math.nan, "equal"),
        ("NaN", 0.0, "unequal"),
        (0.0, math.nan, "unequal"),
        ("Infinity", math.inf, "equal"),
        ("Infinity", -math.inf, "unequal"),
        ("Infinity", 1e300, "unequal"),
        (True, True, "equal"),
        (True, 1, "unequal"),
        (None, None, "equal"),
        (None, 0.0, "unequal"),
        ("nrefs:1|v:1", "nrefs:1|v:1", "equal"),
        ("nrefs:1|v:1", "nrefs:2|v:1", "unequal"),
        ([], [], "equal"),
        ([], {}, "unequal"),
    ],
)
def test_a_value_is_equal_within_its_tolerance(
    expected: object, found: object, status: Status
) -> None:
    assert judge({"share": expected}, {"share": found}).status == status


def test_nested_values_are_held_key_by_key() -> None:
    expected = {"bleu": {"score": 1.0, "precisions": [0.5, 0.25]}}
    found = {"bleu": {"score": 1.0, "precisions": (0.5, 0.2)}, "more": 1}
    verdicts = verify(case(expected), scorer(found)).keys
    assert {v.key: v.status for v in verdicts} == {
        "bleu.score": "equal",
        "bleu.precisions.0": "equal",
        "bleu.precisions.1": "unequal",
    }


def test_a_difference_is_shown_with_both_values() -> None:
    verdict = judge({"share": 0.5}, {"share": 0.75})
    assert (verdict.value, verdict.expected) == ("0.75", "0.5")
    assert (verdict.difference, verdict.tolerance) == (0.25, 1e-9)


def test_a_key_that_is_not_given_is_unequal() -> None:
    assert judge({"share": 0.5}, {"shares": 0.5}).status == "unequal"


def test_a_key_that_is_not_given_for_a_reason_is_a_gap() -> None:
    verdict = judge({"share": {"low": 1.0}}, {}, not_offered={"share": "no interval"})
    assert (verdict.status, verdict.note) == ("not offered", "no interval")


@pytest.mark.parametrize(
    ("found", "status"), [(0.51, "known"), (0.5, "equal"), (0.6, "unequal")]
)
def test_a_known_difference_is_shown_and_bounded(found: float, status: Status) -> None:
    verdict = judge({"flow": 0.5}, {"flow": found}, known_differences={"flow": 0.02})
    assert verdict.status == status


def test_an_adversarial_case_allows_no_known_difference() -> None:
    verdict = verify(
        case({"flow": 0.5}, kind="adversarial"),
        scorer({"flow": 0.51}, known_differences={"flow": 0.02}),
    )
    assert verdict.status == "unequal"


def fail(_: Mapping[str, Any]) -> Mapping[str, Any]:
    raise DataError("no text is there")


def test_an_error_is_equal_where_the_official_scorer_fails() -> None:
    failing = OfficialScorer(suite="toy", metric="shares", score=fail)
    (verdict,) = verify(case({"error": "KeyError"}), failing).keys
    assert (verdict.status, verdict.value) == (
        "equal",
        "DataError('no text is there')",
    )


def test_a_value_is_unequal_where_the_official_scorer_fails() -> None:
    expected = {"error": "KeyError", "message": "no text"}
    assert judge(expected, {"share": 0.0}).status == "unequal"


def test_an_error_is_unequal_where_the_official_scorer_gives_a_value() -> None:
    failing = OfficialScorer(suite="toy", metric="shares", score=fail)
    verdicts = verify(case({"share": 1.0, "count": 2}), failing).keys
    assert [v.status for v in verdicts] == ["unequal", "unequal"]
    assert verdicts[0].value == "error: no text is there"


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ({"error": "the sum is too large"}, "equal"),
        (DataError("the sum is too large"), "equal"),
        (3.0, "unequal"),
        ({"low": 3.0}, "unequal"),
    ],
)
def test_one_key_alone_may_fail(found: object, status: Status) -> None:
    expected = {"bytes": {"error": "OverflowError"}}
    assert judge(expected, {"bytes": found}).status == status


def test_a_number_is_unequal_to_a_failure() -> None:
    assert judge({"share": 1.0}, {"share": {"error": "none"}}).status == "unequal"


@pytest.mark.parametrize(
    ("expected", "found", "status"),
    [
        (81.86, 81.8612, "equal"),
        (81.86, 81.8551, "equal"),
        (81.86, 81.8661, "unequal"),
        (81.8612345, 81.86, "unequal"),
        (81.8612345, 81.8612999, "unequal"),
    ],
)
def test_ours_is_rounded_where_the_official_scorer_rounds(
    expected: float, found: float, status: Status
) -> None:
    rounded = case({"bleu": expected}, decimals={"": 2})
    assert verify(rounded, scorer({"bleu": found})).status == status


def test_rounding_may_hold_for_one_key_alone() -> None:
    rounded = case({"bleu": 0.5, "share": 0.5}, decimals={"bleu": 1})
    verdicts = verify(rounded, scorer({"bleu": 0.51, "share": 0.51})).keys
    assert [v.status for v in verdicts] == ["equal", "unequal"]


def test_a_case_without_a_scorer_is_unequal() -> None:
    verdict = verify(case({"share": 0.5}), None)
    assert verdict.status == "unequal"
    assert verdict.keys[0].note == (
        "no plugin registers the official scorer toy/shares"
    )


def test_a_scorer_sees_the_inputs_and_nothing_else() -> None:
    seen: list[Mapping[str, Any]] = []

    def watch(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        seen.append(inputs)
        return {}

    verify(
        case({"share": 1.0}),
        OfficialScorer(suite="toy", metric="shares", score=watch),
    )
    assert seen == [{"texts": ["a"]}]


def test_a_fault_of_a_scorer_names_the_case() -> None:
    broken = OfficialScorer(suite="toy", metric="shares", score=lambda i: i["lost"])
    with pytest.raises(KeyError) as raised:
        verify(case({"share": 1.0}), broken)
    assert raised.value.__notes__ == ["in the golden case case.json"]


def test_one_case_may_differ_by_more_than_the_others() -> None:
    scorer = OfficialScorer(
        suite="s",
        metric="m",
        score=lambda _: {},
        known_differences={"flow": 0.02, "tree": 0.02},
        known_cases={"broken": {"flow": 0.04}},
    )
    assert scorer.known_of("broken") == {"flow": 0.04, "tree": 0.02}
    assert scorer.known_of("plain") == {"flow": 0.02, "tree": 0.02}
