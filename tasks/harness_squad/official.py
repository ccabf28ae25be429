"""The official scorers of SQuAD 1.1, SQuAD 2.0 and MLQA, as our metrics have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from harness import DataError, Example, OfficialScorer, Prediction
from harness.builtin import harness_metrics
from harness.metric import Metric
from harness.official import Inputs, Items, Outputs, make_metric, score_items

if TYPE_CHECKING:
    from harness.metric import Floats

CASES = Path(__file__).parent / "golden"
ENTRIES = {entry.name: entry for entry in harness_metrics()}
KINDS = {"HasAns": "answerable", "NoAns": "unanswerable"}


class _Searching(Metric, Protocol):
    """A metric that searches a threshold."""

    def best_threshold(self, statistics: Floats) -> float:
        """Return what it found."""


def score_squad_1(inputs: Inputs) -> Outputs:
    """Score by `evaluate-v1.1.py`: a question without a prediction scores 0.

    Raises:
        DataError: there is no question, or one without a reference.
    """
    return _exact_and_f1("squad", {}, inputs)


def score_mlqa(inputs: Inputs) -> Outputs:
    """Score by `mlqa_evaluation_v1.py`, which differs in what normalising drops.

    Raises:
        DataError: there is no question, or one without a reference.
        PluginError: MLQA is not in that language.
    """
    return _exact_and_f1("mlqa", {"language": inputs["language"]}, inputs)


def score_squad_2(inputs: Inputs) -> Outputs:
    """Score by `evaluate-v2.0.py`, with best thresholds where doubts are given.

    Raises:
        DataError: there is no question, or one without a prediction or doubt.
    """
    doubts = inputs.get("no_answer_probabilities")
    items = _unanswerable_items(inputs, doubts)
    threshold = {"threshold": str(inputs.get("no_answer_threshold", 1.0))}
    found = {"total": len(items.examples)} | _both("squad2", threshold, items)
    has_answer = [example.target != [""] for example in items.examples]
    for key, kind in KINDS.items():
        count = has_answer.count(key == "HasAns")
        if count:
            both = _both("squad2", {**threshold, "questions": kind}, items)
            found |= {f"{key}_{name}": value for name, value in both.items()}
            found[f"{key}_total"] = count
    if doubts is not None:
        found |= _best(items)
    return found


def _exact_and_f1(rule: str, options: Mapping[str, str], inputs: Inputs) -> Outputs:
    items = Items(
        [Prediction(id=i, value=inputs["predictions"].get(i)) for i in inputs["ids"]],
        _examples(inputs),
    )
    return {
        "exact_match": _score(f"{rule}_exact_match", options, items),
        "f1": _score(f"{rule}_f1", options, items),
    }


def _both(rule: str, options: Mapping[str, str], items: Items) -> dict[str, float]:
    names = ("exact", "f1")
    return {name: _score(f"{rule}_{name}", options, items) for name in names}


def _best(items: Items) -> dict[str, float]:
    from harness.stats import score  # numpy

    found = {}
    for name in ("exact", "f1"):
        metric = cast("_Searching", make_metric(f"squad2_best_{name}"))
        rows = metric.statistics(items.predictions, items.examples)
        found[f"best_{name}"] = metric.scale * score(metric, rows)
        found[f"best_{name}_thresh"] = metric.best_threshold(rows)
    return found


def _score(name: str, options: Mapping[str, str], items: Items) -> float:
    metric = make_metric(name, **options)
    return metric.scale * score_items(metric, items)


def _unanswerable_items(inputs: Inputs, doubts: Mapping[str, float] | None) -> Items:
    """Return the items in the order of the doubts, which decides between equal ones."""
    predictions: Mapping[str, str] = inputs["predictions"]
    _refuse_missing("prediction", inputs["ids"], predictions)
    if doubts is None:
        doubts = dict.fromkeys(inputs["ids"], 0.0)
    _refuse_missing("no-answer probability", inputs["ids"], doubts)
    examples = {
        example.id: example if example.target else replace(example, target=[""])
        for example in _examples(inputs)
    }
    order = inputs.get("no_answer_probabilities_order") or list(doubts)
    ids = [i for i in order if i in examples]
    said = [
        Prediction(id=i, value=predictions[i], detail={"no_answer": doubts[i]})
        for i in ids
    ]
    return Items(said, [examples[i] for i in ids])


def _refuse_missing(what: str, ids: Sequence[str], found: Mapping[str, Any]) -> None:
    for question in ids:
        if question not in found:
            raise DataError(
                f"question {question!r} has no {what}, expected one for every "
                "question: complete the file"
            )


def _examples(inputs: Inputs) -> list[Example]:
    return [
        # An empty text stands for a question without an answer; a reference that is
        # empty is written as white space, which every rule normalises to the same.
        Example(id=question, columns={}, target=[text or " " for text in texts])
        for question, texts in zip(inputs["ids"], inputs["answers"], strict=True)
    ]


SCORERS: tuple[OfficialScorer, ...] = (
    OfficialScorer(
        suite="squad",
        metric="squad_v1",
        score=score_squad_1,
        cases=CASES,
        source=ENTRIES["squad_f1"].source,
    ),
    OfficialScorer(
        suite="squad",
        metric="squad_v2",
        score=score_squad_2,
        cases=CASES,
        source=ENTRIES["squad2_f1"].source,
    ),
    OfficialScorer(
        suite="squad",
        metric="mlqa",
        score=score_mlqa,
        cases=CASES,
        source=ENTRIES["mlqa_f1"].source,
    ),
)
