"""A bootstrap draw is the score of the examples that it drew, for every metric."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from harness import stats
from harness.builtin import harness_metrics
from harness.metric import Metric
from harness.requests import JsonValue
from harness.task import Example, Prediction

Pairs = list[tuple[Prediction, Example]]
LABELS = ("no", "yes")
WORDS = ("the", "cat", "sat", "on", "a", "mat", "while", "it", "rained", ",", "and")
TAGS = ("O", "B-PER", "I-PER", "B-LOC")


def text(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randrange(4, 9)))


def near(dice: random.Random, right: str) -> JsonValue:
    """Return the text with one word changed, or nothing read."""
    words = right.split()
    words[dice.randrange(len(words))] = dice.choice(WORDS)
    return dice.choice([right, " ".join(words), " ".join(words), "", None])


def label(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    return dice.choice([*LABELS, *LABELS, None]), dice.choice(LABELS)


def number(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    return float(dice.randrange(5)), float(dice.randrange(5))


def written(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    right = text(dice)
    references: list[JsonValue] = [right, text(dice)]
    return near(dice, right), references


def span(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    right = text(dice)
    references: list[JsonValue] = [right, "a mat"]
    return near(dice, right), references if dice.random() < 0.5 else [""]


def tags(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    count = dice.randrange(1, 6)
    said, right = (" ".join(dice.choices(TAGS, k=count)) for _ in range(2))
    return dice.choice([said, said, None]), right


def likelihood(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    nats, is_greedy = -20 * dice.random(), dice.random() < 0.5
    return {"nats": nats, "tokens": 5, "is_greedy": is_greedy}, text(dice)


def ranking(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    ids: list[JsonValue] = [str(number) for number in range(8)]
    return dice.sample(ids, 5), dice.sample(ids, 2)


def found(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    ids: list[JsonValue] = [str(number) for number in range(8)]
    return dice.sample(ids, 5), dice.choice(ids)


def program(dice: random.Random) -> tuple[JsonValue, JsonValue]:
    right: list[JsonValue] = [*text(dice).split()]
    return [dice.choice([word, "a"]) for word in right], right


Draw = Callable[[random.Random], tuple[JsonValue, JsonValue]]
KINDS: dict[Draw, str] = {
    label: "accuracy macro_f1 micro_f1 weighted_f1 matthews f1,positive=yes "
    "precision,positive=yes recall,average=macro question_f1,positive=yes "
    "question_exact_match,positive=yes pair_parity",
    number: "pearson spearman",
    written: "bleu chrf chrf++ ter rouge1 rouge2 rougeL rougeLsum code_bleu4 "
    "text_bleu smoothed_bleu4 exact_match line_exact_match edit_similarity "
    "codebleu,lang=java squad_f1 squad_exact_match mlqa_f1,language=de "
    "mlqa_exact_match,language=de",
    span: "squad2_f1 squad2_exact squad2_best_f1 squad2_best_exact "
    "squad2_f1,questions=answerable,threshold=2",
    tags: "entity_f1 entity_precision entity_recall tag_accuracy",
    likelihood: "word_perplexity byte_perplexity token_perplexity bits_per_byte "
    "document_perplexity greedy_accuracy",
    ranking: "map_at_r",
    found: "mrr",
    program: "token_accuracy",
}
SPECS = {spec: draw for draw, specs in KINDS.items() for spec in specs.split()}
ENTRIES = {entry.name: entry for entry in harness_metrics()}


def make(spec: str) -> Metric:
    name, *rest = spec.split(",")
    return ENTRIES[name].make(LABELS, dict(option.split("=") for option in rest))


def draw_pairs(draw: Draw, dice: random.Random, count: int) -> Pairs:
    pairs = []
    for place in range(count):
        said, right = draw(dice)
        detail = {"no_answer": float(dice.randrange(5))}
        prediction = Prediction(id=str(place), value=said, detail=detail)
        group = f"question {place // 3}"
        pairs.append(
            (prediction, Example(id=str(place), columns={}, target=right, group=group))
        )
    return pairs


def by_unit(metric: Metric, pairs: Pairs) -> list[Pairs]:
    size = {"question group": 3, "pair": 2}.get(metric.unit, 1)
    return [pairs[at : at + size] for at in range(0, len(pairs), size)]


def again(pairs: Pairs, time: int) -> Pairs:
    """Return a unit as it stands in a resampled set for the n-th time."""
    return [
        (
            replace(said, id=str(int(said.id) + 1000 * time)),
            replace(
                right,
                id=str(int(right.id) + 1000 * time),
                group=f"{right.group}/{time}",
            ),
        )
        for said, right in pairs
    ]


def statistics(metric: Metric, pairs: Pairs) -> np.ndarray:
    return metric.statistics([p for p, _ in pairs], [e for _, e in pairs])


def test_every_registered_metric_is_tried() -> None:
    assert {spec.partition(",")[0] for spec in SPECS} == set(ENTRIES)


@pytest.mark.parametrize("spec", SPECS)
def test_a_draw_scores_what_the_drawn_examples_score(spec: str) -> None:
    metric, dice = make(spec), random.Random(spec)
    pairs = draw_pairs(SPECS[spec], dice, 24)
    units, rows = by_unit(metric, pairs), statistics(metric, pairs)
    assert len(rows) == len(units)
    for _ in range(3):
        counts = np.bincount([dice.randrange(len(units)) for _ in units])
        counts = np.pad(counts, (0, len(units) - len(counts)))
        drawn = [
            pair
            for unit, count in zip(units, counts, strict=True)
            for time in range(count)
            for pair in again(unit, time)
        ]
        (score,) = metric.aggregate(rows, counts[None].astype(np.float64))
        recomputed = stats.score(metric, statistics(metric, drawn))
        assert score == pytest.approx(recomputed, rel=1e-9, abs=1e-12, nan_ok=True)
