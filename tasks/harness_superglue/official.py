"""The official SuperGLUE scorers, made of the metrics that runs use."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import DataError, Example, OfficialScorer, Prediction
from harness.metric import Metric
from harness.official import Inputs, Outputs
from harness.plugins import load_plugins
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


@functools.cache
def _metric(spec: str, labels: tuple[str, ...] = ()) -> Metric:
    return load_plugins().metric(spec, labels)


def _score(
    spec: str,
    labels: tuple[str, ...],
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> float:
    from harness.stats import score  # numpy

    metric = _metric(spec, labels)
    return score(metric, metric.statistics(predictions, examples))


def _numbered(inputs: Inputs) -> tuple[list[Prediction], list[Example]]:
    """Return label numbers as label names, with ids from 0.

    Raises:
        DataError: there are not as many predictions as references.
    """
    said, right = inputs["predictions"], inputs["references"]
    if len(said) != len(right):
        raise DataError(
            f"there are {len(said)} predictions for {len(right)} references, expected "
            "one for each: check the case"
        )
    predictions = [Prediction(id=str(n), value=str(v)) for n, v in enumerate(said)]
    examples = [
        Example(id=str(n), columns={}, target=str(v)) for n, v in enumerate(right)
    ]
    return predictions, examples


def _labels(inputs: Inputs, least: int = 2) -> tuple[str, ...]:
    highest = max([least - 1, *inputs["predictions"], *inputs["references"]])
    return tuple(str(number) for number in range(highest + 1))


def score_accuracy(inputs: Inputs) -> Outputs:
    """Score BoolQ, COPA, RTE, WiC or WSC."""
    return {"accuracy": _score("accuracy", _labels(inputs), *_numbered(inputs))}


def score_matthews(inputs: Inputs) -> Outputs:
    """Score AX-b."""
    value = _score("matthews", _labels(inputs), *_numbered(inputs))
    return {"matthews_correlation": value}


def score_cb(inputs: Inputs) -> Outputs:
    """Score CB: accuracy, F1 of each of the three labels, and the means."""
    predictions, examples = _numbered(inputs)
    labels = _labels(inputs, least=len(inputs["labels"]))
    accuracy = _score("accuracy", labels, predictions, examples)
    macro = _score("macro_f1", labels, predictions, examples)
    each = [_one_against_rest(label, predictions, examples) for label in labels]
    return {
        "accuracy": accuracy,
        "macro_f1": macro,
        "f1_per_label": each,
        "avg": (accuracy + macro) / 2,
    }


def _one_against_rest(
    label: str, predictions: Sequence[Prediction], examples: Sequence[Example]
) -> float:
    said = [Prediction(id=p.id, value=str(p.value == label)) for p in predictions]
    right = [
        Example(id=e.id, columns={}, target=str(e.target == label)) for e in examples
    ]
    return _score("f1,positive=True", ("False", "True"), said, right)


def score_multirc(inputs: Inputs) -> Outputs:
    """Score MultiRC: F1 over all answers, and questions without a mistake."""
    predictions, answers = _numbered(inputs)
    groups = zip(inputs["paragraph"], inputs["question"], strict=True)
    examples = [
        Example(id=a.id, columns={}, target=a.target, group=f"{paragraph}-{question}")
        for a, (paragraph, question) in zip(answers, groups, strict=True)
    ]
    labels = ("0", "1")
    f1 = _score("question_f1,positive=1", labels, predictions, examples)
    exact = _score("question_exact_match,positive=1", labels, predictions, examples)
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
    exact = _metric("squad_exact_match").statistics(predictions, examples)[:, 0]
    return {
        "exact_match": _score("squad_exact_match", (), predictions, examples),
        "f1": _score("squad_f1", (), predictions, examples),
        "correct_ids": [q for q, hit in zip(queries, exact, strict=True) if hit],
    }


def score_parity(inputs: Inputs) -> Outputs:
    """Score AX-g's parity; the official scorer has -1 where there is no pair."""
    value = _score("pair_parity", (), *_numbered(inputs))
    return {"gender_parity": -1 if math.isnan(value) else value}


def score_average(inputs: Inputs) -> Outputs:
    """Average a published row by the benchmark's own rule.

    Raises:
        DataError: a task that counts is missing.
    """
    scores: dict[str, list[float]] = {}
    for column, value in inputs["task_scores"].items():
        scores.setdefault(COLUMNS.get(column.split(" ")[0], column), []).append(value)
    means = {task: sum(values) / len(values) for task, values in scores.items()}
    average = SUPERGLUE.aggregate(means)
    if average is None:
        missing = set(COLUMNS.values()) - means.keys()
        raise DataError(
            f"the row has no score of {', '.join(sorted(missing))}, expected all eight "
            "tasks: complete it"
        )
    return {"average": average, "average_recomputed": average}


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
    "average": (score_average, SUPERGLUE_PAPER),
}

SCORERS: tuple[OfficialScorer, ...] = tuple(
    OfficialScorer(
        suite="superglue", metric=metric, score=score, cases=CASES, source=source
    )
    for metric, (score, source) in _SCORES.items()
)
