"""Read a CSV file, whose cells are all text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from harness.data.source import Table
from harness.errors import DataError
from harness.requests import JsonValue
from harness.task import Row, Task

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")


def read_csv(path: Path, task: Task) -> Table:
    """Return the table of a CSV file (comma-separated, UTF-8) with a header row.

    Every cell is text but the target, which is what the task's problem takes it for:
    a label's name, else its number, else a number; an empty one is no target.

    Raises:
        DataError: it is no such file, or a row does not fit its header.
    """
    header = next(_records(path), [])
    if len(set(header)) != len(header):
        raise DataError(
            f"{path} names a column twice ({', '.join(header)}), expected each once: "
            "correct its first line"
        )
    return Table(
        origin=str(path),
        columns=tuple(header),
        size=max(sum(1 for _ in _records(path)) - 1, 0),
        rows=partial(_rows, path, task),
    )


def _rows(path: Path, task: Task) -> Iterator[Row]:
    records = _records(path)
    header = next(records, [])
    column = task.problem.target_column
    for number, record in enumerate(records, start=1):
        if len(record) != len(header):
            raise DataError(
                f"{path}, row {number}: {len(record)} cells, expected {len(header)} as "
                "in the header: correct the row, or quote the cells that hold commas"
            )
        row: dict[str, JsonValue] = dict(zip(header, record, strict=True))
        if column in row:
            row[column] = _target(path, number, row, task)
        yield row


def _records(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from (record for record in csv.reader(file, strict=True) if record)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} can't be read as CSV ({error}): write it again in UTF-8, or as "
            ".jsonl or .parquet"
        ) from error


def _target(path: Path, number: int, row: Row, task: Task) -> JsonValue:
    """Return the first reading of a target's text that the problem accepts.

    What no reading fits stays text, for the check of every row to refuse.
    """
    column = task.problem.target_column
    text = str(row[column])
    if not text:
        return None
    targets: dict[str | int | float, JsonValue] = {}
    for reading in _readings(text):
        with suppress(ValueError):
            targets[reading] = task.problem.read_target({**row, column: reading})
    if task.problem.labels and len(targets) == 2 and len({*targets.values()}) == 2:
        raise DataError(
            f"{path}, row {number}, column {column!r}: {text!r} is the name of one "
            "label and the number of another, expected one meaning: write the file "
            "as .jsonl or .parquet, which tell text from numbers"
        )
    return next(iter(targets), text)


def _readings(text: str) -> Iterator[str | int | float]:
    yield text
    if _NUMBER.fullmatch(text):
        yield int(text) if text.lstrip("-").isdecimal() else float(text)
