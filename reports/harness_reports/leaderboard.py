"""Make the leaderboard's view of results: pure, values in, values out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from harness.results import CellResult, Results
from harness.task import Benchmark
from harness_reports import aggregates, columns, rows
from harness_reports.entries import merge
from harness_reports.numbers import counted, decimals_for
from harness_reports.provenance import contradictions, make_runs
from harness_reports.standings import cost_of, ranked
from harness_reports.view import (
    Column,
    Entry,
    Flag,
    Headline,
    Row,
    Section,
    Standing,
    Status,
    TaskView,
    View,
)

_TINTS = 5


def build_view(results: Results) -> View:
    """Return what the leaderboard shows of results."""
    cells = list(results.cells)
    board = _make_board(cells)
    sections = [
        _benchmark_section(board, benchmark)
        for benchmark in results.benchmarks
        if _columns_of(board, benchmark)
    ]
    loose = _loose_section(board, results.benchmarks)
    placed = [*sections, *([loose] if loose else [])]
    return View(
        title=results.title,
        generated=results.generated,
        command=results.command,
        sections=tuple(placed),
        tasks=tuple(_task_view(board, column) for column in board.columns),
        models=tuple(rows.make_models(cells).values()),
        runs=tuple(make_runs(cells).values()),
        flags=_key(board.entries.values()),
        is_sample=any(cell.caveats.is_sample for cell in cells),
        counts=_count(placed),
        problems=tuple(contradictions(cells)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Board:
    """Every column, every row, and what stands where they meet."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    entries: Mapping[tuple[str, str], Entry]

    def entry(self, row: Row, column: Column) -> Entry:
        found = self.entries.get((row.id, column.id))
        return found or Entry(id="", column=column.id, row=row.id, status="missing")


def _make_board(cells: Sequence[CellResult]) -> _Board:
    models = rows.make_models(cells)
    grouped = rows.group_rows(cells)
    made_rows = rows.make_rows(grouped, models)
    row_of = {id(cell): made_rows[key] for key, own in grouped.items() for cell in own}
    groups = columns.group_columns(cells)
    taken: set[str] = set()
    made_columns: list[Column] = []
    entries: dict[tuple[str, str], Entry] = {}
    for group, note in zip(groups, columns.notes_of(groups), strict=True):
        column_id = columns.unique(columns.slug(group[0].task), taken)
        own = _merge_column(group, column_id, row_of, start=len(entries))
        widths = [entry.estimate.half_width for entry in own]
        column = columns.make_column(
            group, column_id=column_id, note=note, decimals=decimals_for(widths)
        )
        made_columns.append(column)
        baselines = {row.id for row in made_rows.values() if row.model.is_baseline}
        for entry in _decorate(own, baselines):
            entries[entry.row, column_id] = entry
    return _Board(
        columns=tuple(made_columns), rows=tuple(made_rows.values()), entries=entries
    )


def _merge_column(
    group: Sequence[CellResult],
    column_id: str,
    row_of: Mapping[int, Row],
    *,
    start: int,
) -> list[Entry]:
    by_row: dict[str, list[CellResult]] = defaultdict(list)
    for cell in group:
        by_row[row_of[id(cell)].id].append(cell)
    return [
        merge(own, entry_id=f"e{start + number}", column=column_id, row=row_id)
        for number, (row_id, own) in enumerate(by_row.items(), start=1)
    ]


def _decorate(entries: Sequence[Entry], baselines: set[str]) -> list[Entry]:
    """Mark the best entries and tint the models' entries of one column.

    A partial score is best only where all are partial. The tint spans the scores,
    but never less than an interval's width, so that chance is not coloured.
    """
    models = [e for e in entries if e.status == "done" and e.row not in baselines]
    values = [e.estimate.value for e in models if e.estimate.value is not None]
    whole = [e for e in models if not _is_partial(e)] or models
    best = max((e.estimate.value or 0.0 for e in whole), default=None)
    widths = [2 * w for e in models if (w := e.estimate.half_width)]
    low = min(values, default=0.0)
    span = max([max(values, default=0.0) - low, median(widths) if widths else 0.0])
    marked: list[Entry] = []
    for entry in entries:
        value = entry.estimate.value
        if entry not in models or value is None:
            marked.append(entry)
            continue
        step = int((value - low) / span * _TINTS) if span else 0
        is_best = entry in whole and value == best and len(models) > 1
        marked.append(replace(entry, tint=min(step, _TINTS - 1), is_best=is_best))
    return marked


def _is_partial(entry: Entry) -> bool:
    return any(cell.caveats.is_partial for cell in entry.cells)


def _columns_of(board: _Board, benchmark: Benchmark) -> list[Column]:
    order = {task: place for place, task in enumerate(benchmark.tasks)}
    own = [column for column in board.columns if column.task in order]
    return sorted(own, key=lambda column: order[column.task])


def _benchmark_section(board: _Board, benchmark: Benchmark) -> Section:
    own = _columns_of(board, benchmark)
    task_of = {column.id: column.task for column in own}

    def official(entries: Sequence[Entry]) -> Headline:
        named = [(task_of[entry.column], entry) for entry in entries]
        return aggregates.benchmark_headline(benchmark, named)

    lines = _lines(board, own)
    is_official = any(
        official(entries).estimate.value is not None
        for row, entries in lines
        if not row.model.is_baseline
    )
    if not is_official:
        section = _mean_section(board, own, columns.slug(benchmark.id), benchmark.title)
        missing = f"no model has every task of {benchmark.title}, so its official "
        ranking = f"{missing}score is not shown; {section.ranking}"
        return replace(section, source=benchmark.source, ranking=ranking)
    counted_tasks = {task for group in benchmark.groups for task in group}
    split = _split_label([c for c in own if c.task in counted_tasks])
    title = f"{benchmark.title}{split}"
    return _section(
        lines,
        own,
        official,
        id=columns.slug(benchmark.id),
        title=benchmark.title,
        source=benchmark.source,
        headline_title=title,
        ranking=f"ranked by {title}: the mean of its "
        f"{counted(len(benchmark.groups), 'task')}, of rows that have them all",
    )


def _split_label(counted_columns: Sequence[Column]) -> str:
    splits = dict.fromkeys(column.split for column in counted_columns)
    others = [split for split in splits if split != "test"]
    return f" ({', '.join(others)})" if others else ""


def _loose_section(
    board: _Board, benchmarks: Sequence[Benchmark]
) -> Section | None:
    grouped = {task for benchmark in benchmarks for task in benchmark.tasks}
    own = [column for column in board.columns if column.task not in grouped]
    title = "Other tasks" if len(own) < len(board.columns) else "Tasks"
    return _mean_section(board, own, "tasks", title) if own else None


def _mean_section(
    board: _Board, own: Sequence[Column], section_id: str, title: str
) -> Section:
    """Make a section ranked by the mean over the columns that its models share."""
    lines = _lines(board, own)
    shared = aggregates.shared_columns(
        own, [entries for row, entries in lines if not row.model.is_baseline]
    )
    meant = [column for column in own if column.id in shared]
    is_one_scale = len(meant) == 1 or all(column.scale == 100 for column in meant)
    if not meant or not is_one_scale:
        shared = frozenset()
    return _section(
        lines,
        own,
        lambda entries: aggregates.mean_headline(entries, shared),
        id=section_id,
        title=title,
        source="",
        headline_title=_mean_title(meant) if shared else None,
        ranking=_mean_sentence(meant, own, is_one_scale=is_one_scale),
    )


def _mean_title(meant: Sequence[Column]) -> str:
    return meant[0].title if len(meant) == 1 else f"mean of {len(meant)}"


def _mean_sentence(
    meant: Sequence[Column], own: Sequence[Column], *, is_one_scale: bool
) -> str:
    if not meant:
        return "not ranked: there is no task that all models have a score in"
    if not is_one_scale:
        return "not ranked: the tasks' scores are on different scales"
    if len(meant) == 1:
        return f"ranked by {meant[0].title}" + (
            ", the one task that all models share" if len(own) > 1 else ""
        )
    names = ", ".join(column.title for column in meant)
    which = "all" if len(meant) == len(own) else "those that all models share:"
    of = counted(len(meant), "task")
    return f"ranked by the plain mean over {of} ({which} {names})"


def _lines(
    board: _Board, own: Sequence[Column]
) -> list[tuple[Row, tuple[Entry, ...]]]:
    """Return the rows that have cells in these columns, with their entries."""
    lines = [(row, tuple(board.entry(row, c) for c in own)) for row in board.rows]
    return [line for line in lines if any(entry.cells for entry in line[1])]


def _section(
    lines: Sequence[tuple[Row, tuple[Entry, ...]]],
    own: Sequence[Column],
    headline: Callable[[Sequence[Entry]], Headline],
    *,
    id: str,
    title: str,
    source: str,
    headline_title: str | None,
    ranking: str,
) -> Section:
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
    models = ranked([each for each in standings if not each.row.model.is_baseline])
    below = ranked([each for each in standings if each.row.model.is_baseline])
    widths = [each.headline.estimate.half_width for each in standings]
    return Section(
        id=id,
        title=title,
        source=source,
        headline_title=headline_title,
        headline_decimals=decimals_for(widths),
        ranking=ranking,
        columns=tuple(own),
        models=models,
        baselines=tuple(replace(standing, rank=None) for standing in below),
    )


def _task_view(board: _Board, column: Column) -> TaskView:
    found = [(row, board.entry(row, column)) for row in board.rows]
    own = [(row, entry) for row, entry in found if entry.cells]
    return TaskView(column=column, entries=tuple(sorted(own, key=_entry_place)))


def _entry_place(pair: tuple[Row, Entry]) -> tuple[bool, bool, float, str]:
    row, entry = pair
    value = entry.estimate.value
    return row.model.is_baseline, value is None, -(value or 0.0), row.label


def _key(entries: Iterable[Entry]) -> tuple[Flag, ...]:
    flags = {flag.code: flag for entry in entries for flag in entry.flags}
    return tuple(flags.values())


def _count(sections: Sequence[Section]) -> dict[Status, int]:
    places = {
        (entry.row, entry.column): entry.status
        for section in sections
        for standing in (*section.models, *section.baselines)
        for entry in standing.entries
    }
    return dict(Counter(places.values()))
