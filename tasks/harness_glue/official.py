"""The official GLUE scorers, made of the metrics that runs use."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness import DataError, Example, OfficialScorer, Prediction
from harness.metric import Metric
from harness.official import Inputs, Outputs
from harness.plugins import load_plugins
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


@functools.cache
def _metric(spec: str, labels: tuple[str, ...]) -> Metric:
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


def _pairs(
    inputs: Inputs, kind: type[str] | type[float]
) -> tuple[list[Prediction], list[Example]]:
    """Return label numbers as label names, or numbers as they are.

    Raises:
        DataError: there are not as many predictions as references.
    """
    said, right = inputs["predictions"], inputs["references"]
    if len(said) != len(right):
        raise DataError(
            f"there are {len(said)} predictions for {len(right)} references, expected "
            "one for each: check the case"
        )
    predictions = [Prediction(id=str(n), value=kind(v)) for n, v in enumerate(said)]
    examples = [
        Example(id=str(n), columns={}, target=kind(v)) for n, v in enumerate(right)
    ]
    return predictions, examples


def _labels(inputs: Inputs) -> tuple[str, ...]:
    highest = max([1, *inputs["predictions"], *inputs["references"]])
    return tuple(str(number) for number in range(highest + 1))


def score_accuracy(inputs: Inputs) -> Outputs:
    """Score SST-2, MNLI, QNLI, RTE or WNLI; HANS also by heuristic."""
    predictions, examples = _pairs(inputs, str)
    labels = _labels(inputs)
    scores = {"accuracy": _score("accuracy", labels, predictions, examples)}
    if "groups" not in inputs:
        return scores
    return scores | {
        "by_heuristic_entailed": _by_heuristic(inputs, "0"),
        "by_heuristic_non_entailed": _by_heuristic(inputs, "1"),
    }


def _by_heuristic(inputs: Inputs, target: str) -> dict[str, float]:
    """Return the accuracy over each heuristic's examples of one label."""
    predictions, examples = _pairs(inputs, str)
    chosen: dict[str, tuple[list[Prediction], list[Example]]] = {}
    for place, pair in enumerate(zip(predictions, examples, strict=True)):
        if pair[1].target == target:
            group = inputs["groups"][place // inputs["group_size"]]
            said, right = chosen.setdefault(group, ([], []))
            said.append(pair[0])
            right.append(pair[1])
    labels = _labels(inputs)
    return {group: _score("accuracy", labels, *pair) for group, pair in chosen.items()}


def score_accuracy_and_f1(inputs: Inputs) -> Outputs:
    """Score MRPC or QQP."""
    predictions, examples = _pairs(inputs, str)
    accuracy = _score("accuracy", _labels(inputs), predictions, examples)
    spec = f"f1,positive={inputs['positive_label']}"
    f1 = _score(spec, ("0", "1"), predictions, examples)
    return {"accuracy": accuracy, "f1": f1, "acc_and_f1": (accuracy + f1) / 2}


def score_matthews(inputs: Inputs) -> Outputs:
    """Score CoLA or AX."""
    value = _score("matthews", _labels(inputs), *_pairs(inputs, str))
    return {"matthews_correlation": value}


def score_correlations(inputs: Inputs) -> Outputs:
    """Score STS-B."""
    pairs = _pairs(inputs, float)
    pearson = _score("pearson", (), *pairs)
    spearman = _score("spearman", (), *pairs)
    return {
        "pearson": pearson,
        "spearmanr": spearman,
        "corr": (pearson + spearman) / 2,
    }


def score_average(inputs: Inputs) -> Outputs:
    """Average a published row by the benchmark's own rule.

    Raises:
        DataError: a task that counts is missing.
    """
    scores: dict[str, list[float]] = {}
    for column, value in inputs["task_scores"].items():
        scores.setdefault(COLUMNS.get(column.split(" ")[0], column), []).append(value)
    means = {task: sum(values) / len(values) for task, values in scores.items()}
    average = GLUE.aggregate(means)
    if average is None:
        missing = set(COLUMNS.values()) - means.keys()
        raise DataError(
            f"the row has no score of {', '.join(sorted(missing))}, expected all nine "
            "tasks: complete it"
        )
    return {"average": average, "average_recomputed": average}


_SCORES: Mapping[str, tuple[Callable[[Inputs], Outputs], str]] = {
    **dict.fromkeys(
        ("accuracy", "mnli_matched_accuracy", "mnli_mismatched_accuracy"),
        (score_accuracy, JIANT),
    ),
    "acc_and_f1": (score_accuracy_and_f1, JIANT),
    "matthews_correlation": (score_matthews, JIANT),
    "pearson_spearman": (score_correlations, JIANT),
    "average": (score_average, GLUE_PAPER),
}

SCORERS: tuple[OfficialScorer, ...] = tuple(
    OfficialScorer(suite="glue", metric=metric, score=score, cases=CASES, source=source)
    for metric, (score, source) in _SCORES.items()
)
