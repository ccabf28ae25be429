"""How far a cell of another precision is from the same cell in fp32."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness import Example, Prediction
from harness.drift import Pairs, numbers, with_drift
from harness.requests import JsonValue
from harness.results import CellResult, CellScore, Drift

SCORE = CellScore(
    metric="accuracy",
    signature="accuracy|n:2|v:1",
    value=0.5,
    low=0.1,
    high=0.9,
    method="Wilson",
    scale=100.0,
    units=2,
    is_headline=True,
)
EXACT = CellResult(
    fingerprint="exact",
    model="reader:",
    is_baseline=False,
    task="toy/colours",
    task_title="Colours",
    task_version=1,
    metrics_column="x",
    split="validation",
    regime="zero-shot",
    formulation="rank",
    scores=(SCORE,),
    dtype="fp32",
)
HALF = replace(
    EXACT, fingerprint="half", dtype="bf16", scores=(replace(SCORE, value=0.4),)
)


def ranked(value: str, *log_probabilities: float) -> Prediction:
    detail: Mapping[str, JsonValue] = {
        "red": 0.5,
        "blue": 0.5,
        "log_probabilities": [*log_probabilities],
    }
    return Prediction(id="0", value=value, detail=detail)


def stored(exact: list[Prediction], half: list[Prediction]) -> Mapping[str, Pairs]:
    return {
        name: [
            (Example(id=str(n), columns={}, target="red"), prediction)
            for n, prediction in enumerate(predictions)
        ]
        for name, predictions in (("exact", exact), ("half", half))
    }


STORED = stored(
    [ranked("red", -1.0, -2.0), ranked("blue", -4.0, -3.0)],
    [ranked("red", -1.5, -2.1), ranked("red", -3.0, -3.2)],
)


def test_numbers_choices_and_score_are_compared() -> None:
    (found,) = with_drift([HALF], [EXACT, HALF], STORED.__getitem__)
    assert found.drift is not None
    numbers = (found.drift.largest, found.drift.median, found.drift.score)
    assert numbers == pytest.approx((1.0, 0.35, -10.0))  # of 0.1, 0.2, 0.5 and 1
    assert replace(found.drift, largest=None, median=None, score=None) == Drift(
        what="log-probability",
        largest=None,
        median=None,
        changed=1,
        compared=2,
        score=None,
    )


def test_fp32_has_no_drift() -> None:
    assert with_drift([EXACT], [EXACT, HALF], STORED.__getitem__) == [EXACT]


@pytest.mark.parametrize(
    "other",
    [
        replace(EXACT, model="writer:"),
        replace(EXACT, metrics_column="y"),
        replace(EXACT, formulation="generate"),
        replace(EXACT, seed=2),
        replace(EXACT, status="failed"),
        replace(EXACT, caveats=replace(EXACT.caveats, limit=10)),
        replace(EXACT, dtype=None),
    ],
    ids=["model", "column", "formulation", "seed", "failed", "limit", "unknown"],
)
def test_only_the_same_cell_in_fp32_is_compared(other: CellResult) -> None:
    assert with_drift([HALF], [other], STORED.__getitem__) == [HALF]


def test_other_examples_are_not_compared() -> None:
    shorter = {**STORED, "exact": STORED["exact"][:1]}
    assert with_drift([HALF], [EXACT], shorter.__getitem__) == [HALF]


def test_a_split_without_labels_drifts_in_all_but_the_score() -> None:
    unscored = [replace(cell, scores=()) for cell in (HALF, EXACT)]
    (found, _) = with_drift(unscored, unscored, STORED.__getitem__)
    assert found.drift is not None
    assert (found.drift.changed, found.drift.score) == (1, None)


@pytest.mark.parametrize(
    ("value", "detail", "what", "values"),
    [
        ("a", {"a": 0.7, "b": 0.3}, "probability", [0.7, 0.3]),
        ("O O", {"probabilities": [0.9, 0.8]}, "probability", [0.9, 0.8]),
        ({"nats": -9.5, "tokens": 3}, {}, "log-probability", [-9.5]),
        ("text", {"no_answer": -1.5, "spans": []}, "no-answer score", [-1.5]),
        (3.5, {}, "value", [3.5]),
        ("a label", {"text": "a text"}, "value", []),
        (None, {}, "value", []),
        (["1", "2"], {}, "value", []),
    ],
)
def test_numbers_are_found_wherever_a_formulation_puts_them(
    value: JsonValue, detail: Mapping[str, JsonValue], what: str, values: list[float]
) -> None:
    assert numbers(Prediction(id="0", value=value, detail=detail)) == (what, values)


def test_a_text_has_no_numbers_and_may_change() -> None:
    said = [Prediction(id="0", value=text) for text in ("one", "other")]
    told = stored(said[:1], said[1:])
    (found,) = with_drift([HALF], [EXACT], told.__getitem__)
    assert found.drift is not None
    assert (found.drift.what, found.drift.largest, found.drift.changed) == ("", None, 1)


def test_a_number_alone_decides_nothing() -> None:
    told = stored(
        [Prediction(id="0", value={"nats": -1.0, "is_greedy": True})],
        [Prediction(id="0", value={"nats": -1.2, "is_greedy": True})],
    )
    (found,) = with_drift([HALF], [EXACT], told.__getitem__)
    assert found.drift is not None
    assert found.drift.largest == pytest.approx(0.2)
    assert found.drift.changed == 0


def test_what_is_impossible_in_one_alone_is_infinitely_far() -> None:
    told = stored([ranked("red", -1.0)], [ranked("red", -math.inf)])
    (found,) = with_drift([HALF], [EXACT], told.__getitem__)
    assert found.drift is not None
    assert found.drift.largest == math.inf
