"""The board: every column, every row, and what stands where they meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from harness.results import CellResult
from harness_reports import columns, rows
from harness_reports.entries import merge
from harness_reports.flags import SAMPLE
from harness_reports.numbers import decimals_for
from harness_reports.view import Column, Entry, ModelView, Row

TINTS = 5
"""How many steps the tint of a column has."""

Line = tuple[Row, tuple[Entry, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All entries with their columns, rows and models.

    Attributes:
        columns: by order of appearance.
        rows: by order of appearance.
        models: baselines last.
        entries: by row id and column id; places that nobody ran are absent.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    models: tuple[ModelView, ...]
    entries: Mapping[tuple[str, str], Entry]

    def entry(self, row: Row, column: Column) -> Entry:
        """Return what stands at a place, a missing entry where nothing does."""
        found = self.entries.get((row.id, column.id))
        return found or Entry(id="", column=column.id, row=row.id, status="missing")

    def lines(self, own: Sequence[Column]) -> list[Line]:
        """Return the rows that have cells in these columns, with their entries."""
        every = [(row, tuple(self.entry(row, c) for c in own)) for row in self.rows]
        return [line for line in every if any(entry.cells for entry in line[1])]


def make_board(cells: Sequence[CellResult]) -> Board:
    """Sort cells into columns and rows, and merge the seeds where they meet."""
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
        own = _merge_column(group, column_id, row_of, start=len(entries) + 1)
        decimals = decimals_for(entry.estimate.half_width for entry in own)
        made_columns.append(
            columns.make_column(
                group, column_id=column_id, note=note, decimals=decimals
            )
        )
        entries |= {(entry.row, column_id): entry for entry in own}
    if all(cell.caveats.is_sample for cell in cells):
        entries = {place: _unflagged(entry) for place, entry in entries.items()}
    return Board(
        columns=tuple(made_columns),
        rows=tuple(made_rows.values()),
        models=tuple(models.values()),
        entries=entries,
    )


def _unflagged(entry: Entry) -> Entry:
    """Drop the flag for sample data: where all have it, the page says it once."""
    flags = tuple(flag for flag in entry.flags if flag.code != SAMPLE)
    return replace(entry, flags=flags)


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
    merged = [
        merge(own, entry_id=f"e{number}", column=column_id, row=row_id)
        for number, (row_id, own) in enumerate(by_row.items(), start=start)
    ]
    return mark(merged, is_lower_better=columns.is_lower_better(group))


def mark(entries: Sequence[Entry], *, is_lower_better: bool) -> list[Entry]:
    """Mark the best models' entries of one column and tint them; baselines stay.

    A partial score is best only where all are partial. The tint grows with the share
    of models that are worse by more than half an interval, so that one outlier does
    not blanch the rest and chance is hardly coloured.
    """
    models = [e for e in entries if e.status == "done" and not _is_baseline(e)]
    sign = -1.0 if is_lower_better else 1.0
    values = {e.id: sign * (e.estimate.value or 0.0) for e in models}
    if len(values) < 2:
        return list(entries)
    whole = {e.id for e in models if not _is_partial(e)} or set(values)
    best, low = max(values[each] for each in whole), min(values.values())
    margin = median(e.estimate.half_width or 0.0 for e in models)
    return [
        replace(
            entry,
            is_best=entry.id in whole and values[entry.id] == best > low,
            tint=_step(values.values(), values[entry.id] - margin),
        )
        if entry.id in values
        else entry
        for entry in entries
    ]


def _step(values: Collection[float], bound: float) -> int:
    below = sum(value < bound for value in values)
    return round(below / (len(values) - 1) * (TINTS - 1))


def _is_partial(entry: Entry) -> bool:
    return any(cell.caveats.is_partial for cell in entry.cells)


def _is_baseline(entry: Entry) -> bool:
    return any(cell.is_baseline for cell in entry.cells)
