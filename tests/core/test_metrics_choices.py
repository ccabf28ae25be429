"""Metrics over examples that belong together, against their definitions by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import f1_score

from harness import DataError, Example, PluginError, Prediction
from harness.metric import Metric, signature
from harness.metrics.choices_entries import METRICS
from harness.stats import interval, joint_interval, score

LABELS = ("False", "True")


def metric(name: str, labels: tuple[str, ...] = LABELS, **options: str) -> Metric:
    (entry,) = [entry for entry in METRICS if entry.name == name]
    return entry.make(labels, options)


def examples(targets: Sequence[bool], groups: Sequence[str]) -> list[Example]:
    return [
        Example(id=str(n), columns={}, target=str(target), group=group)
        for n, (target, group) in enumerate(zip(targets, groups, strict=True))
    ]


def say(values: Sequence[bool | None]) -> list[Prediction]:
    return [
        Prediction(id=str(n), value=None if value is None else str(value))
        for n, value in enumerate(values)
    ]


ANSWERS = examples([True, False, False, True, True], ["a", "a", "b", "b", "c"])
F1 = metric("question_f1", positive="True")
EXACT = metric("question_exact_match", positive="True")
PARITY = metric("pair_parity")


def value(of: Metric, said: Sequence[bool | None]) -> float:
    return score(of, of.statistics(say(said), ANSWERS))


def test_f1_counts_all_answers_together() -> None:
    said = [True, True, False, False, True]
    expected = f1_score([1, 0, 0, 1, 1], [int(s) for s in said])
    assert value(F1, said) == pytest.approx(expected)


def test_a_question_is_right_when_all_its_answers_are() -> None:
    assert value(EXACT, [True, False, False, False, True]) == pytest.approx(2 / 3)


def test_an_unread_answer_is_the_wrong_one() -> None:
    assert value(EXACT, [None, False, False, True, True]) == pytest.approx(2 / 3)
    # one false negative instead of a hit: 2 * 2 / (2 * 2 + 1)
    assert value(F1, [None, False, False, True, True]) == pytest.approx(0.8)


def test_f1_without_any_positive_is_zero() -> None:
    own = examples([False], ["a"])
    assert score(F1, F1.statistics(say([False]), own)) == 0


def test_questions_are_what_is_resampled() -> None:
    rows = [m.statistics(say([True] * 5), ANSWERS) for m in (F1, EXACT)]
    assert [len(part) for part in rows] == [3, 3]
    assert joint_interval([F1, EXACT], rows).low is not None


def test_questions_keep_together_wherever_their_answers_stand() -> None:
    order = [0, 2, 4, 1, 3]
    mixed = [ANSWERS[i] for i in order]
    said = say([True, False, False, True, True])
    again = EXACT.statistics([said[i] for i in order], mixed)
    assert score(EXACT, again) == value(EXACT, [True, False, False, True, True])


def test_an_answer_without_a_question_is_refused() -> None:
    alone = [Example(id="7", columns={}, target="True")]
    with pytest.raises(DataError, match="example '7' has no group, expected the quest"):
        F1.statistics(say([True]), alone)


@pytest.mark.parametrize("what", ["target", "prediction"])
def test_a_label_of_another_task_is_refused(what: str) -> None:
    own = examples([True], ["a"])
    said = [Prediction(id="0", value="maybe" if what == "prediction" else "True")]
    if what == "target":
        own = [Example(id="0", columns={}, target="maybe", group="a")]
    with pytest.raises(DataError, match=f"the {what} 'maybe' of example '0' is no lab"):
        EXACT.statistics(said, own)


def test_no_example_is_refused() -> None:
    with pytest.raises(DataError, match="question_f1: there is no example to score"):
        F1.statistics([], [])


@pytest.mark.parametrize("name", ["question_f1", "question_exact_match"])
def test_the_positive_label_must_be_one_of_two(name: str) -> None:
    with pytest.raises(PluginError, match=f"write {name},positive=LABEL"):
        metric(name, positive="Maybe")
    with pytest.raises(PluginError, match="expected one of exactly two labels"):
        metric(name, (*LABELS, "Maybe"), positive="True")


def test_signatures_name_the_positive_label() -> None:
    assert signature(F1, 3) == "question_f1|positive:True|n:3|v:1"


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ([True, True, False, False], 1.0),
        ([True, False, False, False], 0.5),
        ([None, None, False, False], 0.5),
    ],
)
def test_parity_compares_the_two_of_a_pair(
    said: list[bool | None], share: float
) -> None:
    own = examples([True] * 4, ["a"] * 4)
    assert score(PARITY, PARITY.statistics(say(said), own)) == share


def test_one_without_its_partner_counts_nowhere() -> None:
    own = examples([True] * 4, ["a"] * 4)[1:]
    rows = PARITY.statistics(say([True] * 4)[1:], own)
    assert rows.tolist() == [[1.0]]


def test_parity_without_any_pair_is_undefined() -> None:
    rows = PARITY.statistics([], [])
    assert math.isnan(score(PARITY, rows))
    assert interval(PARITY, rows).low is None


def test_pairs_need_numbered_examples() -> None:
    own = [Example(id="x1", columns={}, target="True")]
    with pytest.raises(DataError, match="the example id 'x1' is no whole number"):
        PARITY.statistics(say([True]), own)


def test_a_thousand_resamples_are_fast_and_repeatable() -> None:
    generator = np.random.default_rng(1)
    truth = generator.random(5000) < 0.4
    own = examples([bool(t) for t in truth], [str(n // 5) for n in range(5000)])
    rows = F1.statistics(say([bool(v) for v in generator.random(5000) < 0.5]), own)
    assert interval(F1, rows) == interval(F1, rows)
