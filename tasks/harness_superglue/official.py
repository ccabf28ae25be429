"""The official SuperGLUE scorers, made of the metrics that runs use."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from harness import DataError, Example, OfficialScorer, Prediction
from harness.official import (
    Inputs,
    Items,
    Outputs,
    average_row,
    make_metric,
    number_items,
    score_items,
)
from harness_superglue.rows import SUPERGLUE
from harness_superglue.sources import SUPERGLUE_PAPER

CASES = Path(__file__).parent / "golden"
JIANT = (
    "nyu-mll/jiant jiant/tasks/evaluate/core.py at commit "
    "daa5a258e3af5e7503288de8401429eaf3f58e13"
)
RECORD = (
    "Official evaluation script for ReCoRD v1.0, as in huggingface/evaluate "
    "metrics/super_glue/record_evaluation.py at commit "
    "a7dd338386a4fae9a1767e05eb9ef9479513d9e8"
)
PARITY = (
    "nyu-mll/jiant-v1-legacy jiant/metrics/winogender_metrics.py at commit "
    "8be1fade2339ec29a56d554c8e88dbd999f787a3"
)
COLUMNS = {
    "BoolQ": "superglue/boolq",
    "CB": "superglue/cb",
    "COPA": "superglue/copa",
    "MultiRC": "superglue/multirc",
    "ReCoRD": "superglue/record",
    "RTE": "superglue/rte",
    "WiC": "superglue/wic",
    "WSC": "superglue/wsc",
}
"""What the columns of published rows begin with."""


def _score(name: str, labels: tuple[str, ...], items: Items, **options: str) -> float:
    return score_items(make_metric(name, labels, **options), items)


def _labels(inputs: Inputs, least: int = 2) -> tuple[str, ...]:
    highest = max([least - 1, *inputs["predictions"], *inputs["references"]])
    return tuple(str(number) for number in range(highest + 1))


def score_accuracy(inputs: Inputs) -> Outputs:
    """Score BoolQ, COPA, RTE, WiC or WSC."""
    return {"accuracy": _score("accuracy", _labels(inputs), number_items(inputs))}


def score_matthews(inputs: Inputs) -> Outputs:
    """Score AX-b."""
    value = _score("matthews", _labels(inputs), number_items(inputs))
    return {"matthews_correlation": value}


def score_cb(inputs: Inputs) -> Outputs:
    """Score CB: accuracy, F1 of each of the three labels, and the means."""
    items = number_items(inputs)
    labels = _labels(inputs, least=len(inputs["labels"]))
    accuracy = _score("accuracy", labels, items)
    macro = _score("macro_f1", labels, items)
    return {
        "accuracy": accuracy,
        "macro_f1": macro,
        "f1_per_label": [_one_against_rest(label, items) for label in labels],
        "avg": (accuracy + macro) / 2,
    }


def _one_against_rest(label: str, items: Items) -> float:
    said = [replace(p, value=str(p.value == label)) for p in items.predictions]
    right = [replace(e, target=str(e.target == label)) for e in items.examples]
    return _score("f1", ("False", "True"), Items(said, right), positive="True")


def score_multirc(inputs: Inputs) -> Outputs:
    """Score MultiRC: F1 over all answers, and questions without a mistake."""
    predictions, answers = number_items(inputs)
    groups = zip(inputs["paragraph"], inputs["question"], strict=True)
    examples = [
        replace(answer, group=f"{paragraph}-{question}")
        for answer, (paragraph, question) in zip(answers, groups, strict=True)
    ]
    labels, items = ("0", "1"), Items(predictions, examples)
    f1 = _score("question_f1", labels, items, positive="1")
    exact = _score("question_exact_match", labels, items, positive="1")
    return {"em": exact, "f1_a": f1, "avg": (exact + f1) / 2}


def score_record(inputs: Inputs) -> Outputs:
    """Score ReCoRD: the best match with any of the acceptable entities.

    Raises:
        DataError: there is no query.
    """
    queries = inputs["query_ids"]
    if not queries:
        raise DataError("there is no query, expected one or more: check the case")
    said = inputs["predictions"]
    predictions = [Prediction(id=str(q), value=said.get(str(q))) for q in queries]
    pairs = zip(queries, inputs["answers"], strict=True)
    examples = [Example(id=str(q), columns={}, target=list(a)) for q, a in pairs]
    items = Items(predictions, examples)
    exact = make_metric("squad_exact_match").statistics(*items)[:, 0]
    return {
        "exact_match": _score("squad_exact_match", (), items),
        "f1": _score("squad_f1", (), items),
        "correct_ids": [q for q, hit in zip(queries, exact, strict=True) if hit],
    }


def score_parity(inputs: Inputs) -> Outputs:
    """Score AX-g's parity; the official scorer has -1 where there is no pair."""
    value = _score("pair_parity", (), number_items(inputs))
    return {"gender_parity": -1 if math.isnan(value) else value}


_SCORES: Mapping[str, tuple[Callable[[Mapping[str, Any]], Outputs], str]] = {
    **dict.fromkeys(
        ("boolq_accuracy", "copa_accuracy", "rte_accuracy"), (score_accuracy, JIANT)
    ),
    **dict.fromkeys(("wic_accuracy", "wsc_accuracy"), (score_accuracy, JIANT)),
    "cb_acc_f1": (score_cb, JIANT),
    "multirc": (score_multirc, JIANT),
    "record": (score_record, RECORD),
    "axb_mcc": (score_matthews, JIANT),
    "axg_gender_parity": (score_parity, PARITY),
    "average": (partial(average_row, SUPERGLUE, COLUMNS), SUPERGLUE_PAPER),
}

SCORERS: tuple[OfficialScorer, ...] = tuple(
    OfficialScorer(
        suite="superglue", metric=metric, score=score, cases=CASES, source=source
    )
    for metric, (score, source) in _SCORES.items()
)
