"""Whether tasks are sound: what `harness check tasks` looks at, one check at a time.

The checks of `harness.testing` say whether a task keeps its contract; beside them
stand those of its data and of what baselines score. Nothing is asked of a model.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, NamedTuple

from harness.data import Split
from harness.errors import DataError, HarnessError, MissingDataError, UsageError
from harness.formulations import Formulation
from harness.plan.split_reader import SplitReader
from harness.plugins import Plugins
from harness.requests import JsonValue, request_key
from harness.stats import score
from harness.task import Example, Prediction, Task, pick
from harness.testing import ConformanceError, task_checks

Status = Literal["ok", "note", "FAIL"]

ASKED = 200
"""How many examples are worded: enough to meet every label and every odd row."""
STEPS = 20
"""A wording may round numbers: to half of a twentieth of their range and no further."""
MAJORITY = (0.45, 0.60)
"""The share that the most frequent label of a sample may have."""
ENOUGH = 0.5
"""The share of different inputs that must be asked differently; more may be the task's
nature (a gap whose left side alone is shown), and is told."""
SCORED = 1000
"""How many examples baselines are scored on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What came of one check of one task.

    Attributes:
        name: what was looked at, with the formulation where it has one.
        status: ``note`` is nothing wrong that a reader should know.
        text: what was found, empty where all is well.
    """

    name: str
    status: Status = "ok"
    text: str = ""


class _Score(NamedTuple):
    """A metric's score and the best that it can be, on the displayed scale."""

    metric: str
    value: float
    best: float


def check_one(
    task: Task, plugins: Plugins, splits: SplitReader, data: str
) -> list[Check]:
    """Check a task on the examples of a data source.

    Args:
        task: the task.
        plugins: makes metrics, and knows the task that it is trained on.
        splits: reads the data, each split once for all tasks.
        data: the source, as ``--data`` takes it.
    """
    split = splits.try_read(task, data, task.data.evaluate)
    if isinstance(split, DataError):
        is_missing = isinstance(split, MissingDataError) and not _is_sample(data)
        return [
            Check(name="data", status="note" if is_missing else "FAIL", text=str(split))
        ]
    if not split.is_labelled:
        text = f"{split.origin} has no labels, so there is nothing to check"
        status: Status = "FAIL" if split.is_sample else "note"
        return [Check(name="data", status=status, text=text)]
    train = _train_split(task, plugins, splits, data)
    found = [Check(name="data"), *_check_data(split, train)]
    found += _check_asking(split)
    found += _check_baselines(task, plugins, split, train)
    return found


def _is_sample(data: str) -> bool:
    return data.partition(":")[0] == "sample"


def _train_split(
    task: Task, plugins: Plugins, splits: SplitReader, data: str
) -> Split | None:
    """Return the split that the task learns from, None where there is none."""
    trained = plugins.task(task.training_task)
    if trained.data.train is None:
        return None
    split = splits.try_read(trained, data, trained.data.train)
    return None if isinstance(split, DataError) else split


# The data


def _check_data(split: Split, train: Split | None) -> Iterator[Check]:
    """Count empty inputs, duplicates and what stands in both splits.

    A sample is made by rule and has none of these; in real data they are told.
    """
    bad: Status = "FAIL" if split.is_sample else "note"
    columns = tuple(split.task.problem.columns)
    empty = [e.id for e in split if _has_empty(e, columns)]
    yield _counted("empty inputs", bad, empty, "has an empty input")
    text = f"{split.duplicates} of {split.size} examples stand more than once"
    yield (
        Check(name="duplicates", status=bad, text=text)
        if split.duplicates
        else Check(name="duplicates")
    )
    if train is None:
        return
    if (train.name, train.content_hash) == (split.name, split.content_hash):
        return  # the data set has one split for both
    seen = {_inputs(example, columns) for example in train}
    leaked = [e.id for e in split if _inputs(e, columns) in seen]
    what = f"stands in the split {train.name} too"
    yield _counted("leakage", bad, leaked, what, of=split.size)


def _counted(
    name: str, status: Status, ids: Sequence[str], what: str, of: int | None = None
) -> Check:
    if not ids:
        return Check(name=name)
    share = "" if of is None else f" ({len(ids)} of {of})"
    more = f", and {len(ids) - 1} more" if len(ids) > 1 else ""
    return Check(
        name=name, status=status, text=f"example {ids[0]!r} {what}{more}{share}"
    )


def _inputs(example: Example, columns: Sequence[str]) -> int:
    values = [pick(example.columns, name) for name in columns]
    return hash(json.dumps(values, sort_keys=True))


def _has_empty(example: Example, columns: Sequence[str]) -> bool:
    values = (pick(example.columns, name) for name in columns)
    return any(isinstance(value, str) and not value.strip() for value in values)


# How it is asked


def _check_asking(split: Split) -> Iterator[Check]:
    task, examples = split.task, split.sample(ASKED, seed=1)
    targets, *_ = task_checks(task, list(split))  # a rare label may not be drawn
    checks = task_checks(task, examples, tolerance=_rounding(examples))
    for name, run in (targets, *islice(checks, 1, None)):
        if not name.startswith("distinct inputs"):  # these are counted below
            yield _carried_out(name, run)
    for way in task.formulations():
        columns = tuple(task.problem.columns)
        yield _check_distinct(way, examples, columns)


def _carried_out(name: str, run: Callable[[], None]) -> Check:
    try:
        run()
    except (ConformanceError, HarnessError) as error:
        return Check(name=name, status="FAIL", text=str(error))
    return Check(name=name)


def _rounding(examples: Sequence[Example]) -> float:
    numbers = [e.target for e in examples if isinstance(e.target, float)]
    return (max(numbers) - min(numbers)) / STEPS / 2 if numbers else 0.0


def _check_distinct(
    way: Formulation, examples: Sequence[Example], columns: Sequence[str]
) -> Check:
    """Compare how many ways of asking there are with how many different inputs."""
    name = f"distinct prompts, {way.name}" + (f" {way.prompt}" if way.prompt else "")
    try:
        asked = {
            tuple(request_key(request) for request in way.requests(example))
            for example in examples
        }
    except HarnessError as error:
        return Check(name=name, status="FAIL", text=str(error))
    given = len({_inputs(example, columns) for example in examples})
    if len(asked) >= given:
        return Check(name=name)
    is_bad = len(asked) < ENOUGH * given
    text = f"{given} different inputs are asked in {len(asked)} ways"
    return Check(name=name, status="FAIL" if is_bad else "note", text=text)


# What baselines score


def _check_baselines(
    task: Task, plugins: Plugins, split: Split, train: Split | None
) -> Iterator[Check]:
    if split.is_sample and task.problem.labels:
        yield _check_share(list(split), task.problem.labels)
    examples = split.sample(SCORED, seed=1)
    try:
        perfect = task.problem.perfect(examples)
    except UsageError as error:  # a problem may say that nothing is perfect
        yield Check(name="oracle", status="note", text=str(error))
        return
    try:
        oracle = _scores(task, plugins, perfect, examples)
        yield from _check_oracle(oracle, plugins)
        learnt = [e.target for e in train or examples]
        simplest = task.problem.majority(examples, learnt)
        yield _check_majority(_scores(task, plugins, simplest, examples), oracle)
    except HarnessError as error:
        yield Check(name="baselines", status="FAIL", text=str(error))


def _scores(
    task: Task,
    plugins: Plugins,
    values: Sequence[JsonValue],
    examples: Sequence[Example],
) -> list[_Score]:
    """Score predictions by every metric of a task, on the displayed scale."""
    pairs = zip(examples, values, strict=True)
    predictions = [Prediction(id=example.id, value=value) for example, value in pairs]
    found = []
    for spec in task.metrics:
        metric = plugins.metric(spec, task.problem.labels)
        value = score(metric, metric.statistics(predictions, examples)) * metric.scale
        found.append(_Score(spec, value, 0.0 if metric.is_lower_better else 100.0))
    return found


def _check_oracle(scores: Sequence[_Score], plugins: Plugins) -> Iterator[Check]:
    """Hold perfect predictions against the best that their metrics can give.

    The best is 100 on the displayed scale, and 0 where lower is better, unless the
    metric's entry says why it may be out of reach.
    """
    for metric, value, best in scores:
        name = f"oracle, {metric}"
        if abs(value - best) < 1e-6:
            yield Check(name=name)
            continue
        reason = plugins.metrics[metric.partition(",")[0]].falls_short
        text = f"perfect predictions score {value:.8g}, and {best:g} is the best"
        yield Check(
            name=name,
            status="note" if reason else "FAIL",
            text=f"{text}: {reason}" if reason else text,
        )


def _check_majority(scores: Sequence[_Score], oracle: Sequence[_Score]) -> Check:
    """Refuse a task in which the simplest baseline is as good as perfect."""
    first = scores[0]
    if first.value == oracle[0].value:
        text = f"the simplest baseline scores {first.value:.4g}, as the perfect one"
        return Check(name="majority", status="FAIL", text=text)
    told = "undefined" if math.isnan(first.value) else f"{first.value:.4g}"
    return Check(name="majority", text=f"{first.metric} {told}")


def _check_share(examples: Sequence[Example], labels: Sequence[str]) -> Check:
    """Check that a sample's labels are balanced as well as worth learning."""
    counts = Counter(e.target for e in examples if isinstance(e.target, str))
    if not counts:
        return Check(name="label balance")
    label, count = counts.most_common(1)[0]
    share = count / len(examples)
    low, high = MAJORITY
    text = f"{label} has {share:.0%} of the sample, expected {low:.0%} to {high:.0%}"
    is_sound = low <= share <= high or (len(labels) > 2 and share < low)
    return Check(
        name="label balance",
        status="ok" if is_sound else "FAIL",
        text="" if is_sound else text,
    )
