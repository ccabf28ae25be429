"""The list of tasks: a line a task, by suite, with many variants of one folded."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harness.cli.table import aligned

_UNFOLDED = 3
"""A name that has more variants is one line, unless it was asked for."""
_EDGE = "  "


class _Row(NamedTuple):
    """A line of the list: a task, or a prefix that stands for several."""

    name: str
    metric: str
    text: str
    tasks: int = 1


def print_tasks(lines: Sequence[Mapping[str, Any]], *, is_filtered: bool) -> None:
    """Print tasks by suite; a terminal that is too narrow gets each line's start.

    Args:
        lines: the fields of each task; ``task``, ``summary``, ``headline`` and
            ``plugin`` are read.
        is_filtered: whether the user asked for these, so that none is folded.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    suites: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        suites.setdefault(line["task"].partition("/")[0], []).append(line)
    folded = []
    for place, (suite, own) in enumerate(suites.items()):
        rows = [_row(line) for line in own] if is_filtered else _folded(own)
        print("\n" * (place > 0) + _title(suite, own))
        for text in _texts(rows):
            print(text if width is None else _cut(text, width))
        folded += [row.name for row in rows if row.tasks > 1]
    if folded:
        print(
            f"\n{len(lines)} tasks; 'harness list tasks {folded[-1]}' lists each of "
            "such a name",
            file=sys.stderr,
        )


def _title(suite: str, own: Sequence[Mapping[str, Any]]) -> str:
    others = dict.fromkeys(line["plugin"] for line in own if line["plugin"] != suite)
    count = f"{len(own)} task{'s' * (len(own) != 1)}"
    return f"{suite}: {', '.join([count, *(f'plugin {name}' for name in others)])}"


def _row(line: Mapping[str, Any]) -> _Row:
    return _Row(line["task"], _metric(line), line["summary"])


def _metric(line: Mapping[str, Any]) -> str:
    """Return the first metric that counts, without its options."""
    first, *more = line["headline"]
    name: str = first.partition(",")[0]
    return f"{name}, …" if more else name


def _folded(own: Sequence[Mapping[str, Any]]) -> list[_Row]:
    """Return a row a task, and one for all variants of a name that has many."""
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for line in own:
        by_name.setdefault("/".join(line["task"].split("/")[:2]), []).append(line)
    rows = []
    for name, variants in by_name.items():
        if len(variants) <= _UNFOLDED:
            rows += [_row(line) for line in variants]
            continue
        metrics = dict.fromkeys(_metric(line) for line in variants)
        ends = " ".join(line["task"].removeprefix(f"{name}/") for line in variants)
        count = len(variants)
        rows.append(_Row(name, ", ".join(metrics), f"{count} tasks: {ends}", count))
    return rows


def _texts(rows: Sequence[_Row]) -> Iterator[str]:
    cells = [row[:3] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for each in cells:
        yield _EDGE + aligned(each, widths)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"
