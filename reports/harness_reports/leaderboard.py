"""Make the leaderboard's view of results: pure, values in, values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from harness import Benchmark
from harness.results import Results
from harness_reports import aggregates
from harness_reports.board import Board, Line, make_board
from harness_reports.columns import slug, unique
from harness_reports.numbers import counted, decimals_for
from harness_reports.provenance import (
    COLUMN_FACTS,
    agreed,
    contradictions,
    make_runs,
)
from harness_reports.standings import cost_of, ranked
from harness_reports.view import (
    Column,
    Entry,
    Headline,
    Row,
    Section,
    Standing,
    Status,
    TaskView,
    View,
)


def build_view(results: Results) -> View:
    """Return what the leaderboard shows of results."""
    cells = list(results.cells)
    board = make_board(cells)
    sections = [
        _benchmark_section(board, benchmark)
        for benchmark in results.benchmarks
        if _columns_of(board, benchmark)
    ]
    loose = _loose_section(board, results.benchmarks)
    taken: set[str] = set()
    placed = [
        replace(section, id=unique(section.id, taken))
        for section in (*sections, *([loose] if loose else []))
    ]
    return View(
        title=results.title,
        generated=results.generated,
        command=results.command,
        sections=tuple(placed),
        tasks=tuple(_task_view(board, column) for column in _in_order(placed)),
        rows=board.rows,
        models=board.models,
        runs=tuple(make_runs(cells).values()),
        is_sample=any(cell.caveats.is_sample for cell in cells),
        counts=_count(placed),
        problems=tuple(contradictions(cells)),
    )


def _columns_of(board: Board, benchmark: Benchmark) -> list[Column]:
    order = {task: place for place, task in enumerate(benchmark.tasks)}
    own = [column for column in board.columns if column.task in order]
    return sorted(own, key=lambda column: order[column.task])


def _benchmark_section(board: Board, benchmark: Benchmark) -> Section:
    own = _columns_of(board, benchmark)
    task_of = {column.id: column.task for column in own}

    def official(entries: Sequence[Entry]) -> Headline:
        named = [(task_of[entry.column], entry) for entry in entries]
        return aggregates.benchmark_headline(benchmark, named)

    lines = board.lines(own)
    is_official = any(
        official(entries).estimate.value is not None
        for row, entries in lines
        if not row.model.is_baseline
    )
    if not is_official or not _is_one_direction(own, benchmark):
        section = _mean_section(board, own, slug(benchmark.id), benchmark.title)
        why = _why_no_score(benchmark, is_official=is_official)
        ranking = f"{why}; {section.ranking}"
        return replace(section, source=benchmark.source, ranking=ranking)
    counted_tasks = {task for group in benchmark.groups for task in group}
    split = _split_label([c for c in own if c.task in counted_tasks])
    title = f"{benchmark.title} ({split})" if split else benchmark.title
    of = counted(len(benchmark.groups), "task")
    frame = Section(
        id=slug(benchmark.id),
        title=benchmark.title,
        source=benchmark.source,
        headline_title=benchmark.title,
        headline_note=split,
        ranking=f"ranked by {title}: the mean of its {of}, of rows that have them all",
        columns=tuple(own),
        is_lower_better=all(c.is_lower_better for c in own if c.task in counted_tasks),
    )
    return _fill(frame, lines, official)


def _is_one_direction(own: Sequence[Column], benchmark: Benchmark) -> bool:
    counted_tasks = {task for group in benchmark.groups for task in group}
    return len({c.is_lower_better for c in own if c.task in counted_tasks}) < 2


def _why_no_score(benchmark: Benchmark, *, is_official: bool) -> str:
    if not benchmark.groups:
        return f"{benchmark.title} has no official score over all its tasks"
    if is_official:
        return (
            f"a lower score is better in some tasks of {benchmark.title} and worse in "
            "others, so no score over all is shown"
        )
    return (
        f"no model has one score in every task of {benchmark.title}, so its official "
        "score is not shown"
    )


def _split_label(counted_columns: Sequence[Column]) -> str:
    # validation_matched and validation_mismatched are both validation to the reader
    splits = dict.fromkeys(c.split.partition("_")[0] for c in counted_columns)
    return ", ".join(split for split in splits if split != "test")


def _loose_section(board: Board, benchmarks: Sequence[Benchmark]) -> Section | None:
    grouped = {task for benchmark in benchmarks for task in benchmark.tasks}
    own = [column for column in board.columns if column.task not in grouped]
    title = "Other tasks" if len(own) < len(board.columns) else "Tasks"
    return _mean_section(board, own, "tasks", title) if own else None


def _mean_section(
    board: Board, own: Sequence[Column], section_id: str, title: str
) -> Section:
    """Make a section ranked by the mean over the columns that its models share."""
    lines = board.lines(own)
    shared = aggregates.shared_columns(
        own, [entries for row, entries in lines if not row.model.is_baseline]
    )
    meant = [column for column in own if column.id in shared]
    reason = _why_no_mean(meant)
    if reason:
        shared = frozenset()
    frame = Section(
        id=section_id,
        title=title,
        headline_title=_mean_title(meant) if shared else None,
        ranking=reason or _mean_sentence(meant, own),
        columns=tuple(own),
        is_lower_better=not reason and meant[0].is_lower_better,
    )
    return _fill(
        frame, lines, lambda entries: aggregates.mean_headline(entries, shared)
    )


def _mean_title(meant: Sequence[Column]) -> str:
    return meant[0].title if len(meant) == 1 else f"mean of {len(meant)}"


def _why_no_mean(meant: Sequence[Column]) -> str:
    """Say why these columns have no mean; empty where they have one."""
    if not meant:
        return "not ranked: there is no task that all models have a score in"
    if len({column.is_lower_better for column in meant}) > 1:
        return "not ranked: a lower score is better in some tasks and worse in others"
    # the same metric is on the same scale: BLEU with BLEU, perplexity with itself
    metrics = {tuple(m.partition(",")[0] for m in column.metrics) for column in meant}
    if len(metrics) > 1 and any(column.scale != 100 for column in meant):
        return "not ranked: the tasks' scores are on different scales"
    return ""


def _mean_sentence(meant: Sequence[Column], own: Sequence[Column]) -> str:
    if len(meant) == 1:
        return f"ranked by {meant[0].title}" + (
            ", the one task that all models share" if len(own) > 1 else ""
        )
    names = ", ".join(column.title for column in meant)
    of = counted(len(meant), "task")
    which = f"all {of}" if len(meant) == len(own) else f"the {of} that all models share"
    return f"ranked by the plain mean over {which} ({names})"


def _fill(
    frame: Section,
    lines: Sequence[Line],
    headline: Callable[[Sequence[Entry]], Headline],
) -> Section:
    """Put the rows, in order, into a section that has none yet."""
    standings = [
        Standing(
            row=row,
            rank=None,
            headline=headline(entries),
            entries=entries,
            cost=cost_of(entries),
        )
        for row, entries in lines
    ]
    lower = {column.id for column in frame.columns if column.is_lower_better}
    models, below = (
        ranked(
            [each for each in standings if each.row.model.is_baseline == is_baseline],
            is_lower_better=frame.is_lower_better,
            lower_columns=lower,
        )
        for is_baseline in (False, True)
    )
    widths = [each.headline.estimate.half_width for each in standings]
    return replace(
        frame,
        headline_decimals=decimals_for(widths),
        models=models,
        baselines=tuple(replace(standing, rank=None) for standing in below),
    )


def _in_order(sections: Sequence[Section]) -> list[Column]:
    columns = {c.id: c for section in sections for c in section.columns}
    return list(columns.values())


def _task_view(board: Board, column: Column) -> TaskView:
    found = [(row, board.entry(row, column)) for row in board.rows]
    own = [(row, entry) for row, entry in found if entry.cells]
    cells = [cell for _, entry in own for cell in entry.cells]
    return TaskView(
        column=column,
        facts=agreed(cells, COLUMN_FACTS),
        entries=tuple(sorted(own, key=partial(_entry_place, column))),
    )


def _entry_place(
    column: Column, pair: tuple[Row, Entry]
) -> tuple[bool, bool, float, str]:
    row, entry = pair
    value = entry.estimate.value
    sign = 1.0 if column.is_lower_better else -1.0
    return row.model.is_baseline, value is None, sign * (value or 0.0), row.label


def _count(sections: Sequence[Section]) -> dict[Status, int]:
    places = {
        (entry.row, entry.column): entry.status
        for section in sections
        for standing in (*section.models, *section.baselines)
        for entry in standing.entries
    }
    return dict(Counter(places.values()))
