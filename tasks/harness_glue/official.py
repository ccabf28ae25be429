"""The official GLUE scorers, made of the metrics that runs use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from harness import OfficialScorer
from harness.official import (
    Inputs,
    Items,
    Outputs,
    average_row,
    make_metric,
    number_items,
    score_items,
)
from harness_glue.rows import BASE_NLI, GLUE, GLUE_PAPER

CASES = Path(__file__).parent / "golden"
JIANT = (
    "nyu-mll/jiant jiant/tasks/evaluate/core.py at commit "
    "daa5a258e3af5e7503288de8401429eaf3f58e13"
)
COLUMNS = {
    "CoLA": "glue/cola",
    "SST-2": "glue/sst2",
    "MRPC": "glue/mrpc",
    "STS-B": "glue/stsb",
    "QQP": "glue/qqp",
    "MNLI-m": BASE_NLI,
    "MNLI-mm": "glue/mnli/mismatched",
    "QNLI": "glue/qnli",
    "RTE": "glue/rte",
    "WNLI": "glue/wnli",
}
"""What the columns of published rows begin with."""


def _score(name: str, labels: tuple[str, ...], items: Items, **options: str) -> float:
    return score_items(make_metric(name, labels, **options), items)


def _labels(inputs: Inputs) -> tuple[str, ...]:
    highest = max([1, *inputs["predictions"], *inputs["references"]])
    return tuple(str(number) for number in range(highest + 1))


def score_accuracy(inputs: Inputs) -> Outputs:
    """Score SST-2, MNLI, QNLI, RTE or WNLI; HANS also by heuristic."""
    scores = {"accuracy": _score("accuracy", _labels(inputs), number_items(inputs))}
    if "groups" not in inputs:
        return scores
    return scores | {
        "by_heuristic_entailed": _by_heuristic(inputs, "0"),
        "by_heuristic_non_entailed": _by_heuristic(inputs, "1"),
    }


def _by_heuristic(inputs: Inputs, target: str) -> dict[str, float]:
    """Return the accuracy over each heuristic's examples of one label."""
    chosen: dict[str, Items] = {}
    for place, pair in enumerate(zip(*number_items(inputs), strict=True)):
        if pair[1].target == target:
            group = inputs["groups"][place // inputs["group_size"]]
            said, right = chosen.setdefault(group, Items([], []))
            said.append(pair[0])
            right.append(pair[1])
    labels = _labels(inputs)
    return {group: _score("accuracy", labels, items) for group, items in chosen.items()}


def score_accuracy_and_f1(inputs: Inputs) -> Outputs:
    """Score MRPC or QQP."""
    items = number_items(inputs)
    accuracy = _score("accuracy", _labels(inputs), items)
    f1 = _score("f1", ("0", "1"), items, positive=str(inputs["positive_label"]))
    return {"accuracy": accuracy, "f1": f1, "acc_and_f1": (accuracy + f1) / 2}


def score_matthews(inputs: Inputs) -> Outputs:
    """Score CoLA or AX."""
    value = _score("matthews", _labels(inputs), number_items(inputs))
    return {"matthews_correlation": value}


def score_correlations(inputs: Inputs) -> Outputs:
    """Score STS-B."""
    items = number_items(inputs, float)
    pearson = _score("pearson", (), items)
    spearman = _score("spearman", (), items)
    return {
        "pearson": pearson,
        "spearmanr": spearman,
        "corr": (pearson + spearman) / 2,
    }


_SCORES: Mapping[str, tuple[Callable[[Inputs], Outputs], str]] = {
    **dict.fromkeys(
        ("accuracy", "mnli_matched_accuracy", "mnli_mismatched_accuracy"),
        (score_accuracy, JIANT),
    ),
    "acc_and_f1": (score_accuracy_and_f1, JIANT),
    "matthews_correlation": (score_matthews, JIANT),
    "pearson_spearman": (score_correlations, JIANT),
    "average": (partial(average_row, GLUE, COLUMNS), GLUE_PAPER),
}

SCORERS: tuple[OfficialScorer, ...] = tuple(
    OfficialScorer(suite="glue", metric=metric, score=score, cases=CASES, source=source)
    for metric, (score, source) in _SCORES.items()
)
