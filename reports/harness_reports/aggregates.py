"""Aggregates: one number for a row, where it may be shown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from harness import Benchmark
from harness_reports.numbers import counted
from harness_reports.view import Column, Entry, Estimate, Flag, Headline

_AGGREGATE_FLAGS = ("p", "s", "v", "f")


def weighted(parts: Sequence[tuple[Entry, float]]) -> Estimate:
    """Return the weighted mean of scores that were counted on different examples.

    Half-widths add in quadrature, each side by itself, as independent errors do; no
    interval where a part has none.
    """
    value = sum(weight * (entry.estimate.value or 0.0) for entry, weight in parts)
    sides = [(_sides(entry.estimate), weight) for entry, weight in parts]
    known = [(each, weight) for each, weight in sides if each is not None]
    if len(known) < len(parts):
        return Estimate(value=value)
    below = math.hypot(*(weight * each[0] for each, weight in known))
    above = math.hypot(*(weight * each[1] for each, weight in known))
    return Estimate(value=value, low=value - below, high=value + above)


def _sides(estimate: Estimate) -> tuple[float, float] | None:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    return estimate.value - estimate.low, estimate.high - estimate.value


def benchmark_headline(
    benchmark: Benchmark, entries: Sequence[tuple[str, Entry]]
) -> Headline:
    """Return the official aggregate, without a value unless every task is there.

    Args:
        benchmark: the benchmark.
        entries: the row's entries with their task ids. A task with scores in several
            columns does not count: nothing says which of them is meant.
    """
    scored = [(task, entry) for task, entry in entries if entry.status == "done"]
    tasks = [task for task, _ in scored]
    by_task = {task: entry for task, entry in scored if tasks.count(task) == 1}
    have = sum(all(task in by_task for task in group) for group in benchmark.groups)
    of = len(benchmark.groups)
    value = benchmark.aggregate(
        {task: entry.estimate.value or 0.0 for task, entry in by_task.items()}
    )
    if value is None:
        return Headline(have=have, of=of)
    parts = [
        (by_task[task], 1 / (of * len(group)))
        for group in benchmark.groups
        for task in group
    ]
    estimate = replace(weighted(parts), value=value)
    return Headline(estimate=estimate, have=have, of=of, flags=_part_flags(parts))


def mean_headline(entries: Sequence[Entry], shared: frozenset[str]) -> Headline:
    """Return the mean over the shared columns."""
    done = [e for e in entries if e.status == "done" and e.column in shared]
    if len(done) < len(shared) or not shared:
        return Headline(have=len(done), of=len(shared))
    parts = [(entry, 1 / len(done)) for entry in done]
    return Headline(
        estimate=weighted(parts),
        have=len(done),
        of=len(shared),
        flags=_part_flags(parts),
    )


def _part_flags(parts: Sequence[tuple[Entry, float]]) -> tuple[Flag, ...]:
    """Count the tasks behind each flag that bears on an aggregate."""
    flags = [flag for entry, _ in parts for flag in entry.flags]
    tasks = Counter(flag.code for flag in flags)
    names = {flag.code: flag.name for flag in flags}
    return tuple(
        Flag(
            code=code,
            name=names[code],
            text=f"{names[code]} in {counted(tasks[code], 'task')}",
        )
        for code in _AGGREGATE_FLAGS
        if code in names
    )


def shared_columns(
    columns: Sequence[Column], rows: Sequence[Sequence[Entry]]
) -> frozenset[str]:
    """Return the columns in which every row that has any score has one.

    Several columns of one task don't count: a mean would hold the task twice.
    """
    scored = [{e.column for e in row if e.status == "done"} for row in rows]
    scored = [found for found in scored if found]
    if not scored:
        return frozenset()
    shared = [c for c in columns if all(c.id in found for found in scored)]
    tasks = Counter(column.task for column in shared)
    return frozenset(column.id for column in shared if tasks[column.task] == 1)
