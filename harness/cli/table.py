"""Rows for reading: plain columns, a folded table, or a block for each row."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence

_GAP = "  "
_FOLDED = 2  # a table that is more times too wide is unreadable when folded


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their headers; the first column is the name.

    A terminal that is too narrow gets folded cells, one that is much too narrow a block
    for each row. Other programs always get the columns, however wide.
    """
    lines = list(_columns(headers, rows))
    wide, width = max(map(len, lines)), shutil.get_terminal_size().columns
    if sys.stdout.isatty() and wide > _FOLDED * width:
        lines = [line for row in rows for line in _block(headers, row, width)]
    elif sys.stdout.isatty():
        _print_folded(headers, rows)
        return
    for line in lines:
        print(line)


def print_block(headers: Sequence[str], row: Sequence[str]) -> None:
    """Print one row as its name, with a line below it for each other cell."""
    for line in _block(headers, row, shutil.get_terminal_size().columns):
        print(line)


def _print_folded(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for index, header in enumerate(headers):
        table.add_column(header, overflow="fold", no_wrap=index == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    lines = [headers, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headers))]
    for line in lines:
        yield aligned(line, widths)


def aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return cells as one line of columns that are at least so wide."""
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return _GAP.join(padded).rstrip()


def _block(headers: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    """Yield a row's name, and its other cells below, each behind its header."""
    yield row[0]
    edge = max(map(len, headers[1:]), default=0)
    for header, cell in zip(headers[1:], row[1:], strict=True):
        if cell:
            yield from textwrap.wrap(
                cell,
                width=max(width, edge + 20),
                initial_indent=_GAP + header.ljust(edge) + _GAP,
                subsequent_indent=_GAP + " " * edge + _GAP,
                break_on_hyphens=False,
            )
