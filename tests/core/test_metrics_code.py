"""Scores of lines, tokens and texts of code, where the golden cases don't reach.

That the scores equal CodeXGLUE's scripts is tested case by case with the golden cases;
here are several references, empty corpora, bootstrap weights and error messages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from harness import DataError
from harness.requests import JsonValue
from tests.core.code_scores import examples_of, metric_of, predictions_of, score_of

TEXTS = ["a b c d", "int x = 1 ;", "", "return y ;"]
RIGHT = ["a b d c", "int x = 1 ;", "return", "return x ; }"]
SPECS = [
    "code_bleu4",
    "smoothed_bleu4",
    "edit_similarity",
    "exact_match",
    "token_accuracy",
    "codebleu,lang=java",
]


def test_bleu_takes_the_shortest_reference_as_its_length() -> None:
    rows = metric_of("code_bleu4").statistics(
        predictions_of(["a b"]), examples_of([["a b c d e", "x y z"]])
    )
    assert rows[0, -2:].tolist() == [2, 3]


def test_bleu_counts_an_n_gram_as_often_as_one_reference_has_it() -> None:
    rows = metric_of("code_bleu4").statistics(
        predictions_of(["a a a"]), examples_of([["a b", "a a"]])
    )
    assert rows[0, 0] == 2


@pytest.mark.parametrize("said", ["", "a"])
def test_bleu_without_a_word_to_find_is_undefined(said: str) -> None:
    assert math.isnan(score_of("code_bleu4", [said], [""]))


@pytest.mark.parametrize("metric", ["code_bleu4", "text_bleu"])
def test_a_model_that_writes_nothing_has_bleu_0(metric: str) -> None:
    """The official script divides by zero there, see the golden case
    text_to_text_bleu-all-predictions-empty; the brevity penalty tends to 0.
    """
    assert score_of(metric, ["", None], ["a b c d", "a"]) == 0


def test_none_is_scored_as_an_empty_text() -> None:
    values = score_of("edit_similarity", [None, "a"], ["b", "a"])
    assert values == score_of("edit_similarity", ["", "a"], ["b", "a"]) == 50


def test_tokens_that_are_equal_are_an_exact_match_only_on_demand() -> None:
    said, right = ["int  x ;"], ["int x ;"]
    assert score_of("exact_match", said, right) == 0
    assert score_of("exact_match,compare=tokens", said, right) == 1


def test_any_reference_may_be_matched() -> None:
    assert score_of("exact_match", ["b"], [["a", "b"]]) == 1
    assert score_of("edit_similarity", ["ab"], [["xy", "ab"]]) == 100


def test_completed_lines_are_compared_with_their_literals() -> None:
    right = ['x = "<STR_LIT:hello>" + <NUM_LIT> ;']
    assert score_of("line_exact_match", ['x = "hello" + 0 ;'], right) == 1


def test_places_with_special_tokens_do_not_count() -> None:
    said: list[JsonValue] = [["<s>", "import", None, "<EOL>"]]
    assert score_of("token_accuracy", said, [["</s>", "import", "os", "x"]]) == 1 / 3


def test_tokens_may_be_a_text() -> None:
    assert score_of("token_accuracy", ["a b"], ["a c"]) == 0.5


def test_token_accuracy_without_a_counted_place_is_undefined() -> None:
    assert math.isnan(score_of("token_accuracy", ["<s>"], ["<s>"]))


@pytest.mark.parametrize("spec", SPECS)
def test_bootstrap_weights_count_as_repeated_examples(spec: str) -> None:
    metric = metric_of(spec)
    said: Sequence[JsonValue] = TEXTS
    if spec == "token_accuracy":
        said = [list[JsonValue](text.split()) for text in RIGHT]
    rows = metric.statistics(predictions_of(said), examples_of(RIGHT))
    weights = np.array([[2.0, 0.0, 1.0, 3.0]])
    repeated = rows[[0, 0, 2, 3, 3, 3]]
    assert metric.aggregate(rows, weights) == pytest.approx(
        metric.aggregate(repeated, np.ones((1, 6)))
    )


@pytest.mark.parametrize("spec", SPECS)
def test_no_example_is_refused(spec: str) -> None:
    with pytest.raises(DataError, match="there is no example to score"):
        score_of(spec, [], [])


def test_a_prediction_that_is_no_text_is_refused() -> None:
    with pytest.raises(DataError) as error:
        score_of("code_bleu4", [3], ["a"])
    assert str(error.value) == (
        "code_bleu4: the prediction 3 of example '0' is no text, expected a string: "
        "correct the prediction"
    )


@pytest.mark.parametrize("target", [None, [], ["a", 1]])
def test_a_target_that_is_no_text_is_refused(target: JsonValue) -> None:
    with pytest.raises(DataError) as error:
        score_of("exact_match", ["a"], [target])
    assert str(error.value) == (
        f"exact_match: the target {target!r} of example '0' is no text, expected a "
        "string or a list of strings: correct the task's target column"
    )


def test_a_token_too_few_is_refused() -> None:
    with pytest.raises(DataError) as error:
        score_of("token_accuracy", [["a"]], [["a", "b"]])
    assert str(error.value) == (
        "token_accuracy: the prediction of example '0' has 1 tokens, expected the "
        "target's 2: predict a token for every place"
    )


def test_tokens_that_are_no_list_are_refused() -> None:
    with pytest.raises(DataError, match=r"the prediction 7 .* is no list of tokens"):
        score_of("token_accuracy", [7], [["a"]])
