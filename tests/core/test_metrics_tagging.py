"""Entity scores against seqeval, which follows conlleval."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from seqeval import metrics as reference

from harness import DataError, Example, Prediction
from harness.metric import Metric
from harness.metrics.tagging import Entity, EntityScore, TagAccuracy, entities
from harness.metrics.tagging_entries import METRICS
from harness.stats import score

ENTRIES = {entry.name: entry for entry in METRICS}
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
REFERENCES: dict[str, Callable[..., Any]] = {
    "entity_f1": reference.f1_score,
    "entity_precision": reference.precision_score,
    "entity_recall": reference.recall_score,
    "tag_accuracy": reference.accuracy_score,
}


def _score(metric: Metric, said: Sequence[str | None], right: Sequence[str]) -> float:
    predictions = [Prediction(id=str(n), value=text) for n, text in enumerate(said)]
    examples = [Example(id=str(n), columns={}, target=t) for n, t in enumerate(right)]
    return score(metric, metric.statistics(predictions, examples))


def _drawn(seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """Draw tags without any grammar, so that stray ones of every kind occur."""
    draw = random.Random(seed)
    right = [draw.choices(TAGS, k=draw.randint(1, 12)) for _ in range(60)]
    said = [[t if draw.random() < 0.7 else draw.choice(TAGS) for t in r] for r in right]
    return said, right


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", REFERENCES)
def test_score_equals_seqeval(name: str, seed: int) -> None:
    said, right = _drawn(seed)
    expected = REFERENCES[name](right, said)
    metric = ENTRIES[name].make((), {})
    found = _score(metric, [" ".join(t) for t in said], [" ".join(t) for t in right])
    assert found == pytest.approx(expected, abs=1e-12)


def test_entities_are_read_in_order() -> None:
    tags = ["I-PER", "I-PER", "B-PER", "O", "B-LOC", "I-PER"]
    assert entities(tags) == [
        Entity("PER", 0, 2),
        Entity("PER", 2, 3),
        Entity("LOC", 4, 5),
        Entity("PER", 5, 6),
    ]


def test_an_unread_prediction_finds_nothing() -> None:
    assert _score(EntityScore(quantity="recall"), [None], ["B-PER O"]) == 0.0
    assert _score(TagAccuracy(), [None], ["B-PER O"]) == 0.5


def test_a_tag_of_another_scheme_is_refused() -> None:
    with pytest.raises(DataError, match="the tag 'S-PER' is none of O, B-TYPE and I-"):
        entities(["S-PER"])


def test_a_missing_tag_is_refused() -> None:
    with pytest.raises(DataError) as error:
        _score(TagAccuracy(), ["O"], ["O O"])
    assert str(error.value) == (
        "tag_accuracy: example '0' has 1 predicted tags for 2 words, expected one a "
        "word: correct the prediction"
    )


def test_what_is_no_text_is_refused() -> None:
    predictions = [Prediction(id="0", value=3)]
    with pytest.raises(DataError, match=r"the prediction 3 .* expected tags joined by"):
        TagAccuracy().statistics(predictions, [Example(id="0", columns={}, target="O")])
