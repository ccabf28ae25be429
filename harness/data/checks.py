"""From raw rows to checked examples: every row passes here before anything else."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from harness.data.source import Table
from harness.errors import DataError
from harness.requests import JsonValue
from harness.task import Example, Kind, Row, Task, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReader:
    """Makes examples of the rows of one table, or says what is wrong with a row.

    Attributes:
        task: the task that the rows must fit.
        table: where they come from.
        has_target: whether rows hold the target column; a split for submissions may
            come without.
    """

    task: Task
    table: Table
    has_target: bool

    def examples(self) -> Iterator[Example]:
        """Yield the table's rows as checked examples, in order, but those left out.

        Raises:
            DataError: a row is not what the task declares.
        """
        leave_out = self.task.data.leave_out
        for number, row in enumerate(self.table.rows(), start=1):
            if leave_out is None or not leave_out(row):
                yield self._example(number, row)

    def _example(self, number: int, row: Row) -> Example:
        data, problem = self.task.data, self.task.problem
        for name, kind in problem.columns.items():
            if not _HOLDS[kind](pick(row, name)):
                raise self._wrong(number, row, name, _EXPECTED[kind])
        group = self._group(number, row)
        row = _with_plain_number(row, problem.target_column)
        return Example(
            id=str(number)
            if data.id_column is None
            else self._key(number, row, data.id_column),
            columns=row,
            target=self._target(number, row) if self.has_target else None,
            group=group,
        )

    def _group(self, number: int, row: Row) -> str | None:
        names = self.task.data.group_column
        if names is None:
            return None
        return names(row) if callable(names) else self._key(number, row, names)

    def _key(self, number: int, row: Row, names: str | tuple[str, ...]) -> str:
        names = (names,) if isinstance(names, str) else names
        return "-".join(self._key_part(number, row, name) for name in names)

    def _key_part(self, number: int, row: Row, name: str) -> str:
        value = pick(row, name)
        if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
            raise self._wrong(number, row, name, "an id: text or a whole number")
        return str(value)

    def _target(self, number: int, row: Row) -> JsonValue:
        name = self.task.problem.target_column
        if name.partition(".")[0] not in row:
            raise self._wrong(number, row, name, "the target")
        try:
            return self.task.problem.read_target(row)
        except ValueError as error:
            raise DataError(
                f"{self.table.origin}, row {number}, column {name!r}: {error}: correct "
                f"the row, or check that this is the data of {self.task.id}"
            ) from error

    def _wrong(self, number: int, row: Row, name: str, expected: str) -> DataError:
        value = pick(row, name)
        is_there = value is not None or name in row
        found = f"{shorten(value)} is there" if is_there else "nothing is there"
        return DataError(
            f"{self.table.origin}, row {number}, column {name!r}: {found}, expected "
            f"{expected}: correct the row, or check that this is the data of "
            f"{self.task.id}"
        )


def read_rows(task: Task, table: Table, split: str) -> RowReader:
    """Check that a table has the task's columns and return the reader of its rows.

    Raises:
        DataError: a column is missing.
    """
    data, target = task.data, task.problem.target_column
    groups = None if callable(data.group_column) else data.group_column
    paths = [*task.problem.columns, *_paths(data.id_column), *_paths(groups)]
    needed = [_outer(path) for path in paths]
    has_target = _outer(target) in table.columns or split != data.submit
    if has_target:
        needed.append(_outer(target))
    for name in needed:
        if name not in table.columns:
            raise DataError(
                f"{table.origin} has no column {name!r}, only "
                f"{', '.join(table.columns) or 'none at all'}: {task.id} needs "
                f"{', '.join(dict.fromkeys(needed))}, so rename or add it"
            )
    return RowReader(task=task, table=table, has_target=has_target)


def _paths(names: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names or ()


def _outer(path: str) -> str:
    """Return the column that a dotted path begins in."""
    return path.partition(".")[0]


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: JsonValue) -> bool:
    return isinstance(value, list) and all(type(part) is str for part in value)


_HOLDS: Mapping[Kind, Callable[[JsonValue], bool]] = {
    "text": lambda value: type(value) is str,
    "texts": _is_texts,
    "number": _is_number,
    "table": lambda value: isinstance(value, dict | list),
}
_EXPECTED: Mapping[Kind, str] = {
    "text": "text",
    "texts": "a list of texts",
    "number": "a whole number",
    "table": "a nested value",
}


def shorten(value: object, length: int = 60) -> str:
    """Return a value as a message shows it, cut after `length` characters."""
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}..."


@lru_cache(maxsize=4096)
def plain_number(value: float) -> float:
    """Return the shortest decimal of a number that was stored in 32 bits.

    A number that 32 bits hold exactly becomes the shortest decimal that 32 bits
    would store the same way, so 3.799999952316284 is read as the 3.8 it was written
    as; any other number is returned as it is.
    """
    if _as_32_bits(value) != value:
        return value
    candidates = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((c for c in candidates if _as_32_bits(c) == value), value)


def _as_32_bits(value: float) -> float | None:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return None


def _with_plain_number(row: Row, name: str) -> Row:
    value = row.get(name)
    if not isinstance(value, float):
        return row
    return {**row, name: plain_number(value)}
