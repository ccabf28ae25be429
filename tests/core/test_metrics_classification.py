"""Classification metrics against scikit-learn, and what it leaves undefined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn import metrics as reference

from harness import DataError, Example, Prediction
from harness.metric import Metric
from harness.metrics.classification import F1, Accuracy, MacroF1, Matthews
from harness.stats import score

LABELS = ("a", "b", "c")
PAIR = ("no", "yes")


def _score(
    metric: Metric, predicted: Sequence[str | None], target: Sequence[str]
) -> float:
    predictions = [Prediction(id=str(n), value=v) for n, v in enumerate(predicted)]
    examples = [Example(id=str(n), columns={}, target=v) for n, v in enumerate(target)]
    return score(metric, metric.statistics(predictions, examples))


def _random(labels: tuple[str, ...], seed: int) -> tuple[list[str], list[str]]:
    draw = np.random.default_rng(seed)
    target = draw.choice(labels, 200)
    predicted = np.where(draw.random(200) < 0.4, target, draw.choice(labels, 200))
    return predicted.tolist(), target.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_equals_scikit_learn(seed: int) -> None:
    predicted, target = _random(LABELS, seed)
    expected = reference.accuracy_score(target, predicted)
    assert _score(Accuracy(labels=LABELS), predicted, target) == expected


@pytest.mark.parametrize("seed", range(5))
def test_f1_equals_scikit_learn(seed: int) -> None:
    predicted, target = _random(PAIR, seed)
    expected = reference.f1_score(target, predicted, pos_label="no")
    metric = F1(labels=PAIR, positive="no")
    assert _score(metric, predicted, target) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_macro_f1_equals_scikit_learn(seed: int) -> None:
    predicted, target = _random(LABELS, seed)
    expected = reference.f1_score(target, predicted, average="macro")
    metric = MacroF1(labels=LABELS)
    assert _score(metric, predicted, target) == pytest.approx(expected, abs=1e-12)


def test_macro_f1_counts_labels_that_never_occur() -> None:
    assert _score(MacroF1(labels=LABELS), ["a", "b"], ["a", "b"]) == pytest.approx(
        2 / 3
    )


@pytest.mark.parametrize("seed", range(5))
def test_matthews_equals_scikit_learn(seed: int) -> None:
    predicted, target = _random(LABELS, seed)
    expected = reference.matthews_corrcoef(target, predicted)
    metric = Matthews(labels=LABELS)
    assert _score(metric, predicted, target) == pytest.approx(expected, abs=1e-12)


def test_unparsable_prediction_is_wrong_for_accuracy() -> None:
    assert _score(Accuracy(labels=PAIR), ["yes", None], ["yes", "no"]) == 0.5


def test_unparsable_prediction_is_the_wrong_label_for_f1() -> None:
    # T5's f1_score_with_invalid turns it into the opposite of the target
    as_t5 = reference.f1_score([1, 1, 0, 0], [1, 0, 1, 0])
    said = ["yes", None, None, "no"]
    metric = F1(labels=PAIR, positive="yes")
    assert _score(metric, said, ["yes", "yes", "no", "no"]) == as_t5


def test_unparsable_prediction_is_no_label_for_macro_f1() -> None:
    said, target = ["a", None, "c", "b"], ["a", "b", "c", "b"]
    with_unread = [value or "unread" for value in said]
    expected = reference.f1_score(
        target, with_unread, labels=list(LABELS), average="macro"
    )
    metric = MacroF1(labels=LABELS)
    assert _score(metric, said, target) == pytest.approx(expected, abs=1e-12)


def test_unparsable_prediction_is_an_extra_label_for_matthews() -> None:
    said, target = ["yes", None, "no", None], ["yes", "yes", "no", "no"]
    with_unread = [value or "unread" for value in said]
    expected = reference.matthews_corrcoef(target, with_unread)
    metric = Matthews(labels=PAIR)
    assert _score(metric, said, target) == pytest.approx(expected, abs=1e-12)


def test_accuracy_without_labels_is_equality() -> None:
    assert _score(Accuracy(labels=()), ["x", "y"], ["x", "z"]) == 0.5


@pytest.mark.parametrize(
    "metric",
    [Accuracy(labels=PAIR), F1(labels=PAIR, positive="yes"), Matthews(labels=PAIR)],
    ids=lambda metric: str(metric.name),
)
def test_weights_count_examples_several_times(metric: Metric) -> None:
    predicted, target = _random(PAIR, 7)
    weights = np.random.default_rng(7).integers(0, 4, 200)
    expanded = np.repeat(np.arange(200), weights).tolist()
    every = [
        [Prediction(id="", value=value) for value in predicted],
        [Example(id="", columns={}, target=value) for value in target],
    ]
    rows = metric.statistics(*every)  # type: ignore[arg-type] # a list of two lists
    expected = _score(
        metric, [predicted[n] for n in expanded], [target[n] for n in expanded]
    )
    assert metric.aggregate(rows, weights[None].astype(float)) == pytest.approx(
        [expected], abs=1e-12
    )


def test_foreign_label_is_refused_by_name() -> None:
    message = (
        "accuracy: the prediction 'maybe' of example '0' is no label of the task, "
        "expected one of no, yes: correct the prediction or the task's labels"
    )
    with pytest.raises(DataError) as error:
        _score(Accuracy(labels=PAIR), ["maybe"], ["yes"])
    assert str(error.value) == message


def test_unlabelled_example_is_refused() -> None:
    examples = [Example(id="7", columns={}, target=None)]
    with pytest.raises(DataError, match=r"the target None of example '7' is no label"):
        Accuracy(labels=PAIR).statistics([Prediction(id="7", value="no")], examples)


@pytest.mark.parametrize(
    "metric",
    [F1(labels=PAIR, positive="yes"), MacroF1(labels=PAIR), Matthews(labels=PAIR)],
    ids=lambda metric: str(metric.name),
)
def test_no_example_is_refused_by_name(metric: Metric) -> None:
    with pytest.raises(DataError, match=rf"{metric.name}: there is no example"):
        metric.statistics([], [])
