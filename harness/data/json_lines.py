"""Read a file with one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

from harness.data.source import Table
from harness.errors import DataError
from harness.task import Row


def read_json_lines(path: Path) -> Table:
    """Return the table of a JSON-lines file; blank lines are skipped.

    Its columns are those of the first object.

    Raises:
        DataError: it can't be read, or the first line is no JSON object.
    """
    try:
        first = next(_rows(path), {})
        with path.open("rb") as file:
            size = sum(1 for line in file if line.strip())
    except OSError as error:
        raise DataError(
            f"{path} can't be read ({error.strerror}): check the file and who may read it"
        ) from error
    return Table(
        origin=str(path), columns=tuple(first), size=size, rows=partial(_rows, path)
    )


def _rows(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _row(path, number, line)


def _row(path: Path, number: int, line: bytes) -> Row:
    try:
        value = json.loads(line, parse_constant=_refuse_constant)
        if b"\\u" in line:
            # half of a surrogate pair would stop a tokenizer in the middle of a run
            json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        raise DataError(
            f"{path}, line {number}: {error}, expected one JSON object a line: "
            "correct the line"
        ) from error
    if not isinstance(value, dict):
        raise DataError(
            f"{path}, line {number}: a JSON {type(value).__name__}, expected one JSON "
            "object a line: correct the line"
        )
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
