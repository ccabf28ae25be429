"""ROUGE: what the official package gives, and what comes before and after it."""

from __future__ import annotations

import time
from importlib.metadata import version

import pytest

from harness import DataError, Example, PluginError, Prediction
from harness.metric import Metric, signature
from harness.metrics.summarisation_entries import METRICS
from harness.requests import JsonValue
from harness.stats import interval, score
from harness.task import parse_spec

ENTRIES = {entry.name: entry for entry in METRICS}


def _metric(spec: str) -> Metric:
    name, options = parse_spec(spec)
    return ENTRIES[name].make((), options)


def _score(spec: str, value: JsonValue, target: JsonValue) -> float:
    metric = _metric(spec)
    rows = metric.statistics(
        [Prediction(id="1", value=value)], [Example(id="1", columns={}, target=target)]
    )
    return score(metric, rows)


def test_the_stemmer_is_an_option() -> None:
    # rouge-score 0.1.2: "running" and "runs" have one stem, "run"
    assert _score("rouge1", "running", "runs") == 0.0
    assert _score("rouge1,stem=yes", "running", "runs") == 1.0


def test_precision_and_recall_are_parts() -> None:
    assert _score("rouge1,part=precision", "a b", "a b c d") == 1.0
    assert _score("rouge1,part=recall", "a b", "a b c d") == 0.5


def test_the_best_reference_counts() -> None:
    assert _score("rouge1", "a dog", ["the cat", "a dog"]) == 1.0


def test_an_unread_prediction_is_empty() -> None:
    assert _score("rougeL", None, "a dog") == 0.0


def test_the_signature_names_stemmer_and_package() -> None:
    package = version("rouge-score")
    assert signature(_metric("rougeLsum,stem=yes"), 3) == (
        f"rougeLsum|rouge-score:{package}|stem:yes|n:3|v:1"
    )


@pytest.mark.parametrize(
    ("value", "target", "message"),
    [
        (3, "a", "the prediction 3 of example '1' is no text, expected a summary"),
        ("a", 3, "the target 3 of example '1' is no text, expected one or a list"),
        ("a", [], r"the target \[\] of example '1' is no text"),
    ],
)
def test_what_is_no_text_is_refused(
    value: JsonValue, target: JsonValue, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        _score("rouge1", value, target)


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(PluginError) as error:
        _metric("rouge1,stem=maybe")
    assert str(error.value) == (
        "metric rouge1 has the option stem=maybe, expected one of no, yes: correct the "
        "task's metrics"
    )


def test_a_thousand_resamples_are_fast() -> None:
    examples = [Example(id=str(n), columns={}, target="a b") for n in range(11_490)]
    predictions = [
        Prediction(id=e.id, value="a b" + " c" * (n % 9))
        for n, e in enumerate(examples)
    ]
    metric = _metric("rouge1")
    rows = metric.statistics(predictions, examples)
    started = time.perf_counter()
    assert interval(metric, rows).low is not None
    assert time.perf_counter() - started < 3
