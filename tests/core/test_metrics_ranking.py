"""Scores of retrieved ids, by hand from their definitions."""

from __future__ import annotations

import pytest

from harness import DataError
from tests.core.code_scores import metric_of, score_of


def test_reciprocal_rank_is_of_the_first_right_id() -> None:
    assert score_of("mrr", [["a", "b", "b"], ["a"]], ["b", "b"]) == (1 / 2 + 0) / 2


def test_average_precision_is_over_as_many_ids_as_are_right() -> None:
    found = score_of("map_at_r", [["1", "9", "2", "3"]], [["1", "2", "3"]])
    assert found == pytest.approx((1 / 1 + 2 / 3) / 3)


def test_ids_of_another_type_are_other_ids() -> None:
    assert score_of("map_at_r", [[1, "2"]], [["1", "2"]]) == 1 / 2 / 2


def test_rankings_are_counted_in_queries() -> None:
    assert metric_of("mrr").unit == metric_of("map_at_r").unit == "query"


def test_too_few_ids_are_refused() -> None:
    with pytest.raises(DataError) as error:
        score_of("map_at_r", [["1"]], [["1", "2"]])
    assert str(error.value) == (
        "map_at_r: the prediction of example '0' has 1 ids, expected at least the 2 "
        "that are right: retrieve more"
    )


def test_a_prediction_that_is_no_list_is_refused() -> None:
    with pytest.raises(DataError, match=r"the prediction '1' .* is no list, expected"):
        score_of("mrr", ["1"], ["1"])


@pytest.mark.parametrize("spec", ["mrr", "map_at_r"])
def test_no_query_is_refused(spec: str) -> None:
    with pytest.raises(DataError, match=rf"{spec}: there is no query to score"):
        score_of(spec, [], [])
