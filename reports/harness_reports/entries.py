"""Merge the cells of one row and one column, one a seed, into an entry."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev
from typing import NamedTuple

from harness.results import CellResult, CellScore
from harness_reports.flags import flags_of
from harness_reports.view import Entry, Estimate, MetricLine, Status

Confusion = tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]


class Chosen(NamedTuple):
    """The cells that count, one a seed, and how many were left out."""

    cells: list[CellResult]
    left_out: int


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of scores that were counted on the same examples.

    The interval's ends are averaged too: at least as wide as the interval of the
    mean, and exactly as wide where the scores rise and fall together.
    """
    values = [each.value for each in estimates if each.value is not None]
    if len(values) < len(estimates) or not values:
        return Estimate()
    lows = [each.low for each in estimates if each.low is not None]
    highs = [each.high for each in estimates if each.high is not None]
    if len(lows) < len(values) or len(highs) < len(values):
        return Estimate(value=fmean(values))
    return Estimate(value=fmean(values), low=fmean(lows), high=fmean(highs))


def estimate_of(score: CellScore) -> Estimate:
    """Return one metric's score on the displayed scale; undefined has no value."""
    if not math.isfinite(score.value):
        return Estimate()
    return Estimate(
        value=score.value * score.scale,
        low=_scaled(score.low, score.scale),
        high=_scaled(score.high, score.scale),
    )


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None or not math.isfinite(value) else value * scale


def choose(cells: Sequence[CellResult]) -> Chosen:
    """Choose one cell a seed: those with the most examples, then the latest.

    Failed cells are chosen only where their seed has no other.
    """
    most = max((_examples(cell) for cell in cells if cell.status == "done"), default=0)
    by_seed: dict[int, list[CellResult]] = defaultdict(list)
    for cell in cells:
        by_seed[cell.seed].append(cell)
    best = [max(by_seed[seed], key=_preference) for seed in sorted(by_seed)]
    kept = [c for c in best if c.status != "done" or _examples(c) == most]
    return Chosen(kept, len(cells) - len(kept))


def _examples(cell: CellResult) -> int:
    return max((score.units for score in cell.scores), default=0)


def _preference(cell: CellResult) -> tuple[bool, int, str]:
    return cell.status == "done", _examples(cell), cell.provenance.get("date", "")


def merge(
    cells: Sequence[CellResult], *, entry_id: str, column: str, row: str
) -> Entry:
    """Merge the cells of one place into an entry, without its rank in the column."""
    chosen, left_out = choose(cells)
    done = [cell for cell in chosen if cell.status == "done"]
    metrics = _metric_lines(done)
    estimate = _estimate(done, metrics)
    status = _status(chosen, done, estimate)
    scores = _seed_scores(done)
    return Entry(
        id=entry_id,
        column=column,
        row=row,
        status=status,
        estimate=estimate,
        method=_method(done, metrics),
        deviation=_deviation(score for _, score in scores),
        seeds=tuple(scores),
        metrics=metrics,
        flags=flags_of(done, failed=len(chosen) - len(done), left_out=left_out),
        reason=_reason(chosen, metrics, status),
        cells=tuple(chosen),
        confusion=_summed_confusion(done),
    )


def _estimate(done: Sequence[CellResult], metrics: Sequence[MetricLine]) -> Estimate:
    """Return the mean over seeds, with the cells' own intervals where they have them."""
    headline = mean_estimate([line.estimate for line in metrics if line.is_headline])
    own = [Estimate(value=cell.score, low=cell.low, high=cell.high) for cell in done]
    if headline.value is None or any(each.half_width is None for each in own):
        return headline
    return mean_estimate(own)


def _method(done: Sequence[CellResult], metrics: Sequence[MetricLine]) -> str:
    methods = dict.fromkeys(cell.method for cell in done if cell.method)
    told = {line.method for line in metrics if line.is_headline}
    return "" if told == set(methods) else ", ".join(methods)


def _status(
    chosen: Sequence[CellResult], done: Sequence[CellResult], estimate: Estimate
) -> Status:
    if not chosen:
        return "missing"
    if not done:
        is_failed = any(cell.status == "failed" for cell in chosen)
        return "failed" if is_failed else "blocked"
    if not any(cell.is_scored for cell in done):
        return "predicted"
    return "undefined" if estimate.value is None else "done"


def _reason(
    chosen: Sequence[CellResult], metrics: Sequence[MetricLine], status: Status
) -> str | None:
    if status == "predicted":
        return "predicted, not scored: the split has no labels"
    if status == "undefined":
        return _why_undefined(metrics)
    reasons = [cell.reason for cell in chosen if cell.reason]
    return "; ".join(dict.fromkeys(reasons)) or None


def _why_undefined(metrics: Sequence[MetricLine]) -> str:
    """Say what the methods of undefined scores have behind a colon, if they have."""
    lines = [m for m in metrics if m.is_headline and m.estimate.value is None]
    told = dict.fromkeys(line.method.partition(": ")[2] for line in lines)
    why = "; ".join(filter(None, told))
    return "the metric is undefined for these predictions" + (f": {why}" if why else "")


def _metric_lines(done: Sequence[CellResult]) -> tuple[MetricLine, ...]:
    by_metric: dict[str, list[CellScore]] = defaultdict(list)
    for cell in done:
        for score in cell.scores:
            by_metric[score.metric].append(score)
    return tuple(
        MetricLine(
            metric=metric,
            signature=scores[0].signature,
            estimate=mean_estimate([estimate_of(score) for score in scores]),
            deviation=_deviation(score.value * score.scale for score in scores),
            method=scores[0].method,
            units=scores[0].units,
            is_headline=scores[0].is_headline,
            is_lower_better=scores[0].is_lower_better,
        )
        for metric, scores in by_metric.items()
    )


def _deviation(values: Iterable[float]) -> float | None:
    defined = [value for value in values if math.isfinite(value)]
    return stdev(defined) if len(defined) > 1 else None


def _seed_scores(done: Sequence[CellResult]) -> list[tuple[int, float]]:
    return [(c.seed, math.nan if c.score is None else c.score) for c in done]


def _summed_confusion(done: Sequence[CellResult]) -> Confusion | None:
    matrices = [cell.confusion for cell in done if cell.confusion is not None]
    if not matrices or len({labels for labels, _ in matrices}) > 1:
        return None
    counts = [rows for _, rows in matrices]
    summed = tuple(
        tuple(sum(numbers) for numbers in zip(*lines, strict=True))
        for lines in zip(*counts, strict=True)
    )
    return matrices[0][0], summed
