"""Read splits once each, however many cells ask for them."""

from __future__ import annotations

from collections.abc import Mapping

from harness.data import DataSource, DataSourceEntry, Split, load_split
from harness.data.resolve import open_source
from harness.errors import DataError
from harness.task import Task


class SplitReader:
    """Opens sources and reads splits, remembering both, failures included.

    Args:
        entries: the data sources that plugins registered.
    """

    def __init__(self, entries: Mapping[str, DataSourceEntry]) -> None:
        self._entries = entries
        self._sources: dict[str, DataSource] = {}
        self._splits: dict[tuple[str, str, str], Split | DataError] = {}

    def try_read(self, task: Task, data: str, name: str) -> Split | DataError:
        """Return a checked split of a task, or what is wrong with it.

        Args:
            task: says what the rows must be.
            data: the source, as ``--data`` takes it.
            name: the split's name.

        Raises:
            UsageError: there is no such source.
        """
        key = task.id, data, name
        if key not in self._splits:
            if data not in self._sources:
                self._sources[data] = open_source(data, self._entries)
            try:
                self._splits[key] = load_split(task, self._sources[data], name)
            except DataError as error:
                self._splits[key] = error
        return self._splits[key]
