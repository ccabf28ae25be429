"""Precision, recall and averaged F1 against scikit-learn, zero_division=0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from harness import Example, PluginError, Prediction
from harness.metric import Metric, signature
from harness.metrics.averages_entries import METRICS
from harness.stats import interval, score
from harness.task import parse_spec

ENTRIES = {entry.name: entry for entry in METRICS}
LABELS = ("a", "b", "c", "never")
PAIR = ("no", "yes")
QUANTITIES: dict[str, Callable[..., Any]] = {
    "precision": reference.precision_score,
    "recall": reference.recall_score,
}


def _metric(spec: str, labels: tuple[str, ...] = LABELS) -> Metric:
    name, options = parse_spec(spec)
    return ENTRIES[name].make(labels, options)


def _score(
    metric: Metric, predicted: Sequence[str | None], target: Sequence[str]
) -> float:
    predictions = [Prediction(id=str(n), value=v) for n, v in enumerate(predicted)]
    examples = [Example(id=str(n), columns={}, target=v) for n, v in enumerate(target)]
    return score(metric, metric.statistics(predictions, examples))


def _drawn(labels: Sequence[str], seed: int) -> tuple[list[str], list[str]]:
    draw = np.random.default_rng(seed)
    target = draw.choice(labels, 200)
    predicted = np.where(draw.random(200) < 0.4, target, draw.choice(labels, 200))
    return predicted.tolist(), target.tolist()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("name", QUANTITIES)
def test_averages_equal_scikit_learn(name: str, average: str, seed: int) -> None:
    predicted, target = _drawn(LABELS[:3], seed)
    expected = QUANTITIES[name](
        target, predicted, labels=LABELS, average=average, zero_division=0
    )
    found = _score(_metric(f"{name},average={average}"), predicted, target)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("average", ["micro", "weighted"])
def test_averaged_f1_equals_scikit_learn(average: str) -> None:
    predicted, target = _drawn(LABELS[:3], 4)
    expected = reference.f1_score(
        target, predicted, labels=LABELS, average=average, zero_division=0
    )
    found = _score(_metric(f"{average}_f1"), predicted, target)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", QUANTITIES)
def test_one_label_equals_scikit_learn(name: str) -> None:
    predicted, target = _drawn(PAIR, 5)
    expected = QUANTITIES[name](target, predicted, pos_label="yes")
    found = _score(_metric(f"{name},positive=yes", PAIR), predicted, target)
    assert found == pytest.approx(expected, abs=1e-12)


def test_what_is_never_predicted_has_precision_0() -> None:
    assert _score(_metric("precision,positive=yes", PAIR), ["no"], ["yes"]) == 0.0


def test_an_unread_prediction_is_none_of_the_labels() -> None:
    metric = _metric("precision,average=micro")
    assert _score(metric, ["a", None, "b"], ["a", "b", "a"]) == 0.5


def test_the_signature_holds_the_average() -> None:
    text = signature(_metric("recall,average=macro"), 9)
    assert text == "recall|average:macro|n:9|v:1"


def test_the_interval_holds_the_score() -> None:
    metric = _metric("weighted_f1")
    predicted, target = _drawn(LABELS[:3], 6)
    predictions = [Prediction(id=str(n), value=v) for n, v in enumerate(predicted)]
    examples = [Example(id=str(n), columns={}, target=v) for n, v in enumerate(target)]
    rows = metric.statistics(predictions, examples)
    found = interval(metric, rows)
    assert found.low is not None
    assert found.high is not None
    assert found.low < score(metric, rows) < found.high


@pytest.mark.parametrize(
    ("spec", "labels", "message"),
    [
        ("precision", LABELS, "has 0 options, expected positive=LABEL or average="),
        ("recall,average=mean", LABELS, "average=mean, expected one of macro, micro"),
        ("recall,positive=a", LABELS, "expected one of exactly two labels: write rec"),
        ("micro_f1", (), "scores label names and the task has none"),
        ("micro_f1,positive=a", LABELS, "has no option 'positive', expected none"),
    ],
)
def test_a_wrong_option_is_refused(
    spec: str, labels: tuple[str, ...], message: str
) -> None:
    with pytest.raises(PluginError, match=message):
        _metric(spec, labels)
