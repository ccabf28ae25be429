"""Read the files that CodeXGLUE's official scorers read, by the same rules.

A golden case holds the files' verbatim text. Most scripts read with `open`, which
makes every line end a newline; text-to-text reads with `codecs`, which cuts at form
feeds and Unicode's line separators too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness import DataError
from harness.official import Inputs


def lines_of_open(text: str) -> list[str]:
    """Cut a text into lines as `open(...).readlines()` does, line ends left off."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def lines_of_codecs(text: str) -> list[str]:
    """Cut a text into lines as `codecs.open(...).readlines()` does."""
    return text.splitlines()


def json_lines(text: str) -> list[Mapping[str, Any]]:
    """Read a file of one JSON object a line.

    Raises:
        DataError: a line is none.
    """
    rows: list[Mapping[str, Any]] = []
    for number, line in enumerate(lines_of_open(text), start=1):
        try:
            row = json.loads(line.strip())
        except json.JSONDecodeError as error:
            raise DataError(
                f"line {number} is no JSON ({error}), expected one object a line: "
                "correct the file"
            ) from error
        if not isinstance(row, dict):
            raise DataError(
                f"line {number} is {row!r}, expected a JSON object: correct the file"
            )
        rows.append(row)
    return rows


def field_of(row: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401
    """Return a field of a JSON line.

    Raises:
        DataError: it is not there.
    """
    if key not in row:
        raise DataError(
            f"a line has no {key!r} but {', '.join(row) or 'nothing'}: correct the file"
        )
    return row[key]


def argument_files(inputs: Inputs, answers: str, predictions: str) -> tuple[str, str]:
    """Return the texts of the two files that a script's arguments name."""
    arguments, files = list(inputs["arguments"]), inputs["files"]
    paths = [arguments[arguments.index(flag) + 1] for flag in (answers, predictions)]
    return files[paths[0]], files[paths[1]]


def cells(text: str, width: int, separator: str | None = None) -> list[list[str]]:
    """Cut every stripped line into exactly so many cells, at white space by default.

    Raises:
        DataError: a line has another number of cells.
    """
    rows = [line.strip().split(separator) for line in lines_of_open(text)]
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise DataError(
                f"line {number} has {len(row)} cells, expected {width}: correct the file"
            )
    return rows


def check_lengths(predictions: Sequence[object], answers: Sequence[object]) -> None:
    """Refuse files of different length, as the scripts' own assertions do.

    Raises:
        DataError: they differ.
    """
    if len(predictions) != len(answers):
        raise DataError(
            f"there are {len(predictions)} predictions for {len(answers)} answers, "
            "expected as many: predict a line for every answer"
        )
