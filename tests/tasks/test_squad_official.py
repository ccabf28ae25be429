"""The official scorers of SQuAD: where they fail, and what their files may leave out.

Golden cases hold them against the official scripts, in test_golden_cases.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness import DataError, PluginError
from harness_squad.official import score_mlqa, score_squad_1, score_squad_2


def inputs(**changes: Any) -> dict[str, Any]:
    return {
        "ids": ["a", "b"],
        "answers": [["Rome"], []],
        "predictions": {"a": "Rome", "b": ""},
        "no_answer_probabilities": None,
        "no_answer_probabilities_order": None,
        "no_answer_threshold": 1.0,
    } | changes


def test_a_missing_prediction_is_refused_by_version_2() -> None:
    with pytest.raises(DataError) as error:
        score_squad_2(inputs(predictions={"a": "Rome"}))
    assert str(error.value) == (
        "question 'b' has no prediction, expected one for every question: complete the "
        "file"
    )


def test_a_missing_probability_is_refused() -> None:
    with pytest.raises(DataError, match="'b' has no no-answer probability, expected"):
        score_squad_2(inputs(no_answer_probabilities={"a": 0.5}))


def test_a_file_without_a_single_probability_is_refused() -> None:
    with pytest.raises(DataError, match="'a' has no no-answer probability, expected"):
        score_squad_2(inputs(no_answer_probabilities={}))


def test_without_probabilities_there_is_no_best_threshold() -> None:
    assert not [key for key in score_squad_2(inputs()) if key.startswith("best")]


def test_without_probabilities_all_are_zero() -> None:
    """As `evaluate-v2.0.py` has it, so a threshold below 0 makes all no answer."""
    assert score_squad_2(inputs(no_answer_threshold=-0.5))["exact"] == 50


def test_an_empty_reference_is_one_all_the_same() -> None:
    """`qid_to_has_ans` of `evaluate-v2.0.py` asks only whether there are answers."""
    found = score_squad_2(inputs(answers=[["Rome"], [""]]))
    assert found["HasAns_total"] == 2
    assert found["exact"] == 100


def test_a_question_without_reference_is_refused_by_version_1() -> None:
    with pytest.raises(DataError, match=r"example 'b' is no list of texts"):
        score_squad_1(inputs())


def test_a_language_that_mlqa_is_not_in_is_refused() -> None:
    with pytest.raises(PluginError, match="language=fr, expected one of ar, de, en"):
        score_mlqa(inputs(language="fr", answers=[["Rome"], ["Oslo"]]))
