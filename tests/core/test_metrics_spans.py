"""Scores of spans; the golden cases hold them against the official scripts."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
import pytest

from harness import DataError, Example, Prediction, stats
from harness.metric import Metric
from harness.metrics.span_entries import METRICS
from harness.metrics.spans import Squad2Best
from harness.stats import interval, score
from harness.task import parse_spec

Item = tuple[list[str], str | None, float | None]
"""A question: its acceptable texts, what was said, and the doubt."""


def metric(spec: str) -> Metric:
    name, options = parse_spec(spec)
    (entry,) = [entry for entry in METRICS if entry.name == name]
    return entry.make((), options)


def pairs(items: Sequence[Item]) -> tuple[list[Prediction], list[Example]]:
    predictions = [
        Prediction(
            id=str(n),
            value=said,
            detail={} if doubt is None else {"no_answer": doubt},
        )
        for n, (_, said, doubt) in enumerate(items)
    ]
    examples = [
        Example(id=str(n), columns={}, target=[*texts])
        for n, (texts, _, _) in enumerate(items)
    ]
    return predictions, examples


def scored(spec: str, items: Sequence[Item]) -> float:
    counted = metric(spec)
    return score(counted, counted.statistics(*pairs(items)))


def refusal(spec: str, items: Sequence[Item]) -> str:
    with pytest.raises(DataError) as error:
        scored(spec, items)
    return str(error.value)


def test_the_best_of_several_references_counts() -> None:
    items: list[Item] = [(["Rome", "the old Rome"], "old Rome", None)]
    assert scored("squad_exact_match", items) == 1
    items = [(["Rome", "new old Rome"], "old Rome", None)]
    assert scored("squad_f1", items) == pytest.approx(0.8)


@pytest.mark.parametrize("spec", ["squad_f1", "squad2_exact", "squad2_f1"])
def test_a_text_that_could_not_be_read_scores_nothing(spec: str) -> None:
    assert scored(spec, [(["Rome"], None, None), (["a", "b"], "b", None)]) == 0.5


@pytest.mark.parametrize(
    ("questions", "expected"),
    [("all", 0.5), ("answerable", 2 / 3), ("unanswerable", 0)],
)
def test_questions_of_a_kind_are_scored_apart(questions: str, expected: float) -> None:
    items: list[Item] = [
        (["Rome"], "Rome", None),
        (["Bern"], "Bern", None),
        (["Oslo"], "", None),
        ([""], "Oslo", None),
    ]
    found = scored(f"squad2_exact,questions={questions}", items)
    assert found == pytest.approx(expected)


def test_no_question_of_a_kind_has_an_undefined_score() -> None:
    items: list[Item] = [(["Rome"], "Rome", None)]
    assert math.isnan(scored("squad2_f1,questions=unanswerable", items))


def test_a_doubt_above_the_threshold_is_no_answer() -> None:
    items: list[Item] = [([""], "Oslo", 0.6), (["Rome"], "Rome", 0.5)]
    assert scored("squad2_exact,threshold=0.5", items) == 1
    assert scored("squad2_exact", items) == 0.5


def test_the_best_threshold_is_undefined_without_doubts() -> None:
    items: list[Item] = [(["Rome"], "Rome", None), ([""], "", None)]
    counted = metric("squad2_best_f1")
    rows = counted.statistics(*pairs(items))
    assert math.isnan(score(counted, rows))
    assert interval(counted, rows) == stats.UNDEFINED


def drawn(seed: int, size: int = 60) -> list[Item]:
    generator = np.random.default_rng(seed)
    words = ["red", "blue", "red blue", "green red", "the", ""]
    items: list[Item] = []
    for _ in range(size):
        texts = [""] if generator.random() < 0.4 else [str(generator.choice(words[:4]))]
        said = str(generator.choice(words))
        items.append((texts, said, float(generator.integers(8)) / 4 - 1))
    return items


def searched(items: Sequence[Item], spec: str) -> float:
    """Try a threshold before and after every question, in their order.

    A text says something even where normalising leaves nothing of it.
    """
    ordered = sorted(items, key=lambda item: item[2] or 0.0)
    alone = [
        float(said == "") if texts == [""] else scored(spec, [(texts, said, None)])
        for texts, said, _ in ordered
    ]
    none = [float(texts == [""]) for texts, _, _ in ordered]
    return max(
        sum(alone[:end]) + sum(none[end:]) for end in range(len(ordered) + 1)
    ) / len(ordered)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("measure", ["exact", "f1"])
def test_the_best_score_is_that_of_trying_every_threshold(
    measure: str, seed: int
) -> None:
    items = drawn(seed)
    found = scored(f"squad2_best_{measure}", items)
    assert found == pytest.approx(searched(items, f"squad2_{measure}"), abs=1e-12)


def test_weights_count_as_repeated_questions() -> None:
    items = sorted(drawn(7), key=lambda item: item[2] or 0.0)
    counts = np.random.default_rng(1).integers(0, 4, len(items))
    repeated = [
        item for item, count in zip(items, counts, strict=True) for _ in range(count)
    ]
    counted = metric("squad2_best_f1")
    rows = counted.statistics(*pairs(items))
    found = counted.aggregate(rows, counts[None].astype(np.float64))
    assert found[0] == pytest.approx(scored("squad2_best_f1", repeated), abs=1e-12)


def test_the_order_of_rows_changes_no_best_score() -> None:
    counted = metric("squad2_best_f1")
    rows = counted.statistics(*pairs(drawn(3)))
    assert score(counted, rows[::-1]) == pytest.approx(score(counted, rows), abs=1e-12)


def test_boundless_doubts_are_ordered_as_any_others() -> None:
    items: list[Item] = [
        (["Rome"], "Rome", -math.inf),
        (["Oslo"], "Oslo", -math.inf),
        ([""], "Paris", math.inf),
        ([""], "Bern", math.inf),
    ]
    assert scored("squad2_best_f1", items) == 1


def test_equal_doubts_keep_the_order_of_the_questions() -> None:
    right: Item = (["Rome"], "Rome", 0.4)
    wrong: Item = ([""], "Oslo", 0.4)
    counted = metric("squad2_best_exact")
    assert isinstance(counted, Squad2Best)
    rows = counted.statistics(*pairs([right, wrong]))
    assert (score(counted, rows), counted.best_threshold(rows)) == (1.0, 0.4)
    rows = counted.statistics(*pairs([wrong, right]))
    assert (score(counted, rows), counted.best_threshold(rows)) == (0.5, 0.0)


def test_nothing_to_score_is_refused() -> None:
    assert refusal("squad_f1", []) == (
        "squad_f1: there is no example to score, expected at least one: check the "
        "split and the limit"
    )


def test_a_prediction_that_is_no_text_is_refused() -> None:
    predictions = [Prediction(id="q", value=1.5)]
    examples = [Example(id="q", columns={}, target=["Rome"])]
    with pytest.raises(DataError) as error:
        metric("squad_f1").statistics(predictions, examples)
    assert str(error.value) == (
        "squad_f1: the prediction 1.5 of example 'q' is no text, expected the answer's "
        "text, empty for none: correct the prediction"
    )


def test_a_target_that_is_no_list_of_texts_is_refused() -> None:
    assert refusal("squad2_f1", [([], "Rome", None)]) == (
        "squad2_f1: the target [] of example '0' is no list of texts, expected one text "
        "or more: correct the data or choose another metric"
    )


@pytest.mark.parametrize("doubt", [None, math.nan])
def test_a_doubt_for_some_questions_only_is_refused(doubt: float | None) -> None:
    items: list[Item] = [(["Rome"], "Rome", 0.5), (["Oslo"], "Oslo", doubt)]
    assert refusal("squad2_best_f1", items) == (
        f"squad2_best_f1: example '1' has the no-answer score {doubt}, expected a "
        "number for every example or for none: complete the scores or leave them out"
    )


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["squad_f1", "squad2_f1", "squad2_best_f1"])
def test_a_development_set_is_scored_and_resampled_fast(spec: str) -> None:
    generator = np.random.default_rng(0)
    words = [f"word{n % 500} word{n % 77} word{n % 13}" for n in range(9000)]
    drawn_words = generator.choice(words, (10_570, 4)).tolist()
    doubts = generator.normal(size=10_570).tolist()
    items = [
        (texts[:3], texts[3], d) for texts, d in zip(drawn_words, doubts, strict=True)
    ]
    counted, given = metric(spec), pairs(items)
    start = time.process_time()
    rows = counted.statistics(*given)
    middle = time.process_time()
    interval(counted, rows)
    assert middle - start < 1
    assert time.process_time() - middle < 3
