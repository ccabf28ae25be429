"""Official scorers: our metrics behind the interfaces of the scripts they must equal.

A golden case holds what an official scorer got and what it gave. `OfficialScorer.score`
gets the case's inputs alone and answers under the official key names; it never sees
what is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import DataError
from harness.task import Benchmark, Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Metric

Inputs = Mapping[str, Any]
"""What the official scorer got, as the golden case's JSON has it."""
Outputs = Mapping[str, Any]
"""What a scorer gives, under the official key names, nested as the official one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialScorer:
    """One official scorer, as our metrics reproduce it.

    Attributes:
        suite: the suite of its golden cases, such as ``squad``.
        metric: the metric of its golden cases, such as ``squad_v2``.
        score: makes the official outputs from the official inputs, through the same
            metrics that runs use. Raises a `HarnessError` where the official scorer
            fails too.
        cases: the folder of the golden cases that ship with the plugin, None where
            there are none.
        known_differences: keys of the output whose difference has a reason, with the
            absolute tolerance on real and synthetic data; each is shown, none is
            hidden, and adversarial cases allow none.
        known_cases: the same for single cases, by name, that differ by more.
        not_offered: keys of the output that ours does not give, each with the reason.
        source: repository, file and commit of the official scorer.
    """

    suite: str
    metric: str
    score: Callable[[Inputs], Outputs]
    cases: Path | None = None
    known_differences: Mapping[str, float] = field(default_factory=dict)
    known_cases: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    not_offered: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def known_of(self, case: str) -> Mapping[str, float]:
        """Return the known differences of a case, by key."""
        return {**self.known_differences, **self.known_cases.get(case, {})}

    @property
    def id(self) -> str:
        """The scorer's name, such as ``squad/squad_v2``."""
        return f"{self.suite}/{self.metric}"


class Items(NamedTuple):
    """What a metric gets: predictions, and examples in the same order."""

    predictions: list[Prediction]
    examples: list[Example]


def make_metric(name: str, labels: tuple[str, ...] = (), /, **options: str) -> Metric:
    """Make a metric of the core as runs make it, from its registered entry."""
    from harness.builtin import harness_metrics

    (entry,) = [entry for entry in harness_metrics() if entry.name == name]
    return entry.make(labels, options)


def score_items(metric: Metric, items: Items) -> float:
    """Return a metric's score, on its own scale."""
    from harness.stats import score  # numpy

    return score(metric, metric.statistics(*items))


def number_items(inputs: Inputs, kind: type[str] | type[float] = str) -> Items:
    """Return a case's ``predictions`` and ``references``, with ids from 0.

    Args:
        inputs: a case's.
        kind: what each value becomes: a label's name, or a number.

    Raises:
        DataError: there are not as many predictions as references.
    """
    said, right = inputs["predictions"], inputs["references"]
    if len(said) != len(right):
        raise DataError(
            f"there are {len(said)} predictions for {len(right)} references, expected "
            "one for each: check the case"
        )
    return Items(
        [Prediction(id=str(n), value=kind(v)) for n, v in enumerate(said)],
        [Example(id=str(n), columns={}, target=kind(v)) for n, v in enumerate(right)],
    )


def average_row(
    benchmark: Benchmark, columns: Mapping[str, str], inputs: Inputs
) -> Outputs:
    """Average a published row of task scores by the benchmark's own rule.

    Args:
        benchmark: defines the average.
        columns: task ids by what the columns of published rows begin with.
        inputs: the row, under ``task_scores``.

    Raises:
        DataError: a task that counts is missing.
    """
    scores: dict[str, list[float]] = {}
    for column, value in inputs["task_scores"].items():
        scores.setdefault(columns.get(column.split(" ")[0], column), []).append(value)
    means = {task: sum(values) / len(values) for task, values in scores.items()}
    average = benchmark.aggregate(means)
    if average is None:
        missing = set(columns.values()) - means.keys()
        raise DataError(
            f"the row has no score of {', '.join(sorted(missing))}, expected all "
            "tasks that count: complete it"
        )
    return {"average": average, "average_recomputed": average}
