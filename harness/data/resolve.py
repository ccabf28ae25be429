"""From what stands behind ``--data`` to a data source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.data.source import DataSource, DataSourceEntry
from harness.errors import UsageError, unknown_name


def open_source(text: str, entries: Mapping[str, DataSourceEntry]) -> DataSource:
    """Open the data source that a text names.

    Args:
        text: a source's name, with an argument behind a colon or without
            (``hub``, ``sample:2``, ``folder:PATH``), or the path of a folder: one
            that exists, or any text with a slash or a leading ``.`` or ``~``.
        entries: the registered sources by name.

    Raises:
        UsageError: it is neither; the message has the nearest names.
        DataError: the source can't be opened.
    """
    name, _, argument = text.partition(":")
    if name in entries:
        return entries[name].open(argument)
    if "folder" in entries and _looks_like_a_path(text):
        return entries["folder"].open(text)
    raise UsageError(
        f"{unknown_name('data source', name, entries, 'harness list data')}, or name a "
        "folder that exists"
    )


def _looks_like_a_path(text: str) -> bool:
    return "/" in text or text.startswith((".", "~")) or Path(text).is_dir()
