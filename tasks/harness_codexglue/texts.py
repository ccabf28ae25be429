"""Columns as models read them: what the official baselines make of each.

Source: ``read_examples`` and ``convert_examples_to_features`` of the tasks' ``run.py``
in microsoft/CodeXGLUE at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from harness import Row
from harness.requests import JsonValue

Text = Callable[[Row], str]


def one_line(value: JsonValue) -> str:
    """Write a code or its tokens in one line: every run of white space is a space."""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return " ".join(text.split())


def stripped(value: JsonValue) -> str:
    """Leave out white space at both ends, such as the line end of a line of a file."""
    return str(value).strip()


def as_lines(value: JsonValue) -> str:
    """Write an unfinished tokenised file as lines, without the mark of its start."""
    lines = str(value).strip().removeprefix("<s>").split("<EOL>")
    return "\n".join(line.strip() for line in lines)


def worded(
    template: str, *columns: str, clean: Callable[[JsonValue], str] = one_line
) -> Text:
    """Return what fills a template's ``{column}`` fields with cleaned columns."""
    return functools.partial(_worded, template, columns, clean)


def _worded(
    template: str,
    columns: tuple[str, ...],
    clean: Callable[[JsonValue], str],
    row: Row,
) -> str:
    return template.format_map({name: clean(row[name]) for name in columns})
