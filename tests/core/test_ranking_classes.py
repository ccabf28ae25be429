"""MAP@R where a target is the example's class: the right ids are the others of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from harness import Example, Prediction
from harness.builtin import harness_metrics
from harness.requests import JsonValue

(ENTRY,) = (entry for entry in harness_metrics() if entry.name == "map_at_r")
METRIC = ENTRY.make((), {})
CODES = [
    Example(id=str(n), columns={}, target=label) for n, label in enumerate("aaabb")
]


def score(examples: Sequence[Example], *values: Sequence[str]) -> float:
    lists: list[list[JsonValue]] = [[*value] for value in values]
    pairs = zip(examples, lists, strict=True)
    predictions = [Prediction(id=example.id, value=ids) for example, ids in pairs]
    rows = METRIC.statistics(predictions, examples)
    return float(METRIC.aggregate(rows, np.ones((1, len(rows))))[0])


def test_a_class_scores_as_the_list_of_its_other_ids() -> None:
    values = ["14", "03", "34", "4", "0"]
    lists = [
        Example(
            id=example.id,
            columns={},
            target=[e.id for e in CODES if e.target == example.target and e != example],
        )
        for example in CODES
    ]
    assert score(CODES, *values) == pytest.approx((1 / 2 + 1 / 2 + 0 + 1 + 0) / 5)
    assert score(lists, *values) == score(CODES, *values)


def test_the_query_itself_is_not_right() -> None:
    assert score(CODES[3:], "3", "3") == 0.5


def test_a_query_alone_in_its_class_is_left_out() -> None:
    assert score(CODES[2:], "", "4", "3") == 1.0


def test_queries_that_are_all_alone_have_no_score() -> None:
    assert math.isnan(score(CODES[2:4], "3", "2"))
