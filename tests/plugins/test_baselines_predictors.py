"""Baselines on toy rows and on every GLUE row."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from harness import (
    Classification,
    Data,
    DataError,
    Example,
    Prediction,
    Predictor,
    PredictorEntry,
    Regression,
    Task,
    UsageError,
)
from harness.builtin import harness_metrics
from harness.requests import JsonValue
from harness.stats import score
from harness.task import parse_spec
from harness_baselines.plugin import harness_models
from harness_glue.plugin import harness_tasks

ENTRIES = {entry.name: entry for entry in harness_models()}
METRICS = {entry.name: entry for entry in harness_metrics()}
GLUE = {task.id: task for task in harness_tasks()}
DATA = Data(hub=None, folder="toy")
COLOURS = Task(
    id="toy/colours",
    title="Colours",
    summary="warm or cold?",
    data=DATA,
    problem=Classification(inputs=("text",), labels=("cold", "warm")),
    metrics=("accuracy",),
)
GRADES = Task(
    id="toy/grades",
    title="Grades",
    summary="how warm?",
    data=DATA,
    problem=Regression(inputs=("text",), low=1, high=3),
    metrics=("pearson",),
)


def _baseline(name: str, seed: int = 1) -> Predictor:
    return ENTRIES[name].make({}, seed)


def _examples(count: int, targets: Sequence[JsonValue] = ()) -> list[Example]:
    return [
        Example(id=str(n), columns={"text": ""}, target=targets[n] if targets else None)
        for n in range(count)
    ]


def test_majority_says_the_most_frequent_label() -> None:
    targets = ["cold", "warm", "warm"]
    assert _baseline("majority").predict(COLOURS, _examples(2), targets) == ["warm"] * 2


def test_majority_decides_ties_by_label_order() -> None:
    assert _baseline("majority").predict(COLOURS, _examples(1), ["warm", "cold"]) == [
        "cold"
    ]


def test_majority_says_the_mean_number() -> None:
    assert _baseline("majority").predict(GRADES, _examples(1), [1.0, 2.0, 2.4]) == [
        pytest.approx(1.8)
    ]


def test_majority_leaves_unlabelled_targets_out() -> None:
    assert _baseline("majority").predict(GRADES, _examples(1), [None, 2.0]) == [2.0]


def test_majority_without_training_targets_is_refused() -> None:
    with pytest.raises(DataError) as error:
        _baseline("majority").predict(COLOURS, _examples(1), [None])
    assert str(error.value) == (
        "majority of toy/colours: there is no training target, expected at least one: "
        "check the data's training split"
    )


def test_only_majority_needs_training_targets() -> None:
    needy = {name for name, entry in ENTRIES.items() if entry.needs_training_targets}
    assert needy == {"majority"}


def test_random_draws_do_not_depend_on_the_other_examples() -> None:
    examples = _examples(50)
    forward = _baseline("random").predict(COLOURS, examples, [])
    backward = _baseline("random").predict(COLOURS, examples[::-1], [])
    assert forward == backward[::-1]


def test_random_draws_depend_on_the_seed() -> None:
    one, two = (
        _baseline("random", seed).predict(GRADES, _examples(9), []) for seed in (1, 2)
    )
    assert one != two


def test_random_draws_are_the_same_on_every_machine() -> None:
    # Python seeds Random from a text by SHA-512, whatever the platform
    assert _baseline("random").predict(COLOURS, _examples(8), []) == [
        "warm",
        "warm",
        "cold",
        "cold",
        "warm",
        "cold",
        "warm",
        "warm",
    ]


def test_random_labels_are_uniform() -> None:
    drawn = _baseline("random").predict(COLOURS, _examples(1000), [])
    assert drawn.count("warm") == pytest.approx(500, abs=50)


def test_random_numbers_fill_the_range() -> None:
    drawn = _baseline("random").predict(GRADES, _examples(1000), [])
    numbers = [value for value in drawn if isinstance(value, float)]
    assert 1 <= min(numbers) < 1.1
    assert 2.9 < max(numbers) <= 3


def test_oracle_on_an_unlabelled_split_is_refused() -> None:
    with pytest.raises(DataError) as error:
        _baseline("oracle").predict(COLOURS, _examples(1), [])
    assert str(error.value) == (
        "oracle: example '0' of toy/colours has no target, expected a labelled split: "
        "choose another split or baseline"
    )


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_options_are_refused(entry: PredictorEntry) -> None:
    with pytest.raises(UsageError) as error:
        entry.make({"depth": "3"}, 1)
    known = ", ".join(entry.options) or "none"
    assert str(error.value) == (
        f"the baseline {entry.name} has no option depth, expected {known}: write "
        f"{entry.name}:"
    )


def _scores(baseline: str, task: Task) -> list[float]:
    targets: list[JsonValue] = [*(task.problem.labels or (0.0, 2.2, 5.0))] * 4
    examples = _examples(len(targets), targets)
    said = _baseline(baseline).predict(task, examples, targets)
    predictions = [
        Prediction(id=example.id, value=value)
        for example, value in zip(examples, said, strict=True)
    ]
    found = []
    for spec in task.metrics:
        name, options = parse_spec(spec)
        metric = METRICS[name].make(task.problem.labels, options)
        found.append(score(metric, metric.statistics(predictions, examples)))
    return found


@pytest.mark.parametrize("task", [COLOURS, GRADES, *GLUE.values()], ids=lambda t: t.id)
def test_oracle_is_perfect_by_every_metric(task: Task) -> None:
    assert _scores("oracle", task) == pytest.approx([1.0] * len(task.metrics))


def test_majority_has_no_correlation() -> None:
    assert all(math.isnan(value) for value in _scores("majority", GLUE["glue/stsb"]))
