"""Perplexities: units, and what is undefined."""

from __future__ import annotations

import math

import pytest

from harness import DataError, Example, PluginError, Prediction
from harness.metric import Metric
from harness.metrics.likelihood import count_bytes, count_words
from harness.metrics.likelihood_entries import METRICS
from harness.requests import JsonValue
from harness.stats import interval, score

ENTRIES = {entry.name: entry for entry in METRICS}


def _metric(name: str) -> Metric:
    return ENTRIES[name].make((), {})


def _score(name: str, *pairs: tuple[JsonValue, JsonValue]) -> float:
    metric = _metric(name)
    predictions = [Prediction(id=str(n), value=v) for n, (v, _) in enumerate(pairs)]
    examples = [
        Example(id=str(n), columns={}, target=t) for n, (_, t) in enumerate(pairs)
    ]
    return score(metric, metric.statistics(predictions, examples))


def _said(nats: float, tokens: int = 1) -> JsonValue:
    return {"nats": nats, "tokens": tokens}


@pytest.mark.parametrize(
    ("text", "words"), [("a b", 2), (" a b\n", 4), ("", 1), ("a\n\n b", 2)]
)
def test_words_are_pieces_between_white_space(text: str, words: int) -> None:
    assert count_words(text) == words


def test_bytes_are_of_utf_8_even_where_a_surrogate_is_alone() -> None:
    assert count_bytes("é\ud800") == 5


def test_long_texts_weigh_more() -> None:
    pairs = ((_said(-8.0), "a"), (_said(-10.0), "a b c d e f g h i j"))
    assert _score("word_perplexity", *pairs) == pytest.approx(math.exp(18 / 11))


def test_one_text_without_bytes_is_no_obstacle() -> None:
    pairs = ((_said(0.0), ""), (_said(-2.0), "ab"))
    assert _score("byte_perplexity", *pairs) == pytest.approx(math.e)


def test_no_bytes_at_all_are_undefined() -> None:
    assert math.isnan(_score("bits_per_byte", (_said(-1.0), "")))


def test_a_perplexity_beyond_floats_is_undefined() -> None:
    assert math.isnan(_score("word_perplexity", (_said(-1e5), "a")))


def test_an_impossible_text_makes_an_infinite_interval_end() -> None:
    metric = _metric("bits_per_byte")
    predictions = [
        Prediction(id=str(n), value=_said(-math.inf if n == 0 else -1.0))
        for n in range(20)
    ]
    examples = [Example(id=str(n), columns={}, target="a") for n in range(20)]
    rows = metric.statistics(predictions, examples)
    assert score(metric, rows) == math.inf
    assert interval(metric, rows).low == pytest.approx(1 / math.log(2))


def test_lower_is_better() -> None:
    lower = {e.name for e in METRICS if e.make((), {}).is_lower_better}
    assert lower == ENTRIES.keys() - {"greedy_accuracy"}


def test_greedy_accuracy_is_the_share_of_greedy_words() -> None:
    said: list[JsonValue] = [{"is_greedy": n != 2} for n in range(4)]
    assert _score("greedy_accuracy", *((value, "a") for value in said)) == 0.75


@pytest.mark.parametrize(
    ("name", "value", "target", "message"),
    [
        ("word_perplexity", "a", "a", "'a' of example '0' is no log-likelihood"),
        ("word_perplexity", _said(-1), 3, "the target 3 of example '0' is no text"),
        ("greedy_accuracy", _said(-1), "a", "says not whether it is greedy, expected"),
    ],
)
def test_what_is_no_likelihood_is_refused(
    name: str, value: JsonValue, target: JsonValue, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        _score(name, (value, target))


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(DataError, match="there is no document to score, expected at"):
        _score("word_perplexity")


@pytest.mark.parametrize("name", ENTRIES)
def test_options_are_refused(name: str) -> None:
    with pytest.raises(PluginError, match=f"metric {name} has no option 'depth'"):
        ENTRIES[name].make((), {"depth": "3"})
