"""What a data source serves: a table of rows, with where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.task import Row, Task

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The raw rows of one split, not yet checked.

    Attributes:
        origin: the file or the Hub data set with its revision, for messages and for
            the page.
        columns: the columns that the source declares; rows may hold fewer (.jsonl).
        size: how many rows there are.
        rows: starts reading from the first row; may be called again.
        is_sample: whether the project made the rows up.
        batches: starts reading the same rows as Arrow tables, None where the source
            holds none; `harness fetch` keeps their types.
    """

    origin: str
    columns: tuple[str, ...]
    size: int
    rows: Callable[[], Iterator[Row]]
    is_sample: bool = False
    batches: Callable[[], Iterator[pa.Table]] | None = None


class DataSource(Protocol):
    """Serves the tables of tasks."""

    def table(self, task: Task, split: str) -> Table:
        """Return a split of a task's data set.

        Raises:
            DataError: there is no such data set, split or file, or it can't be read.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSourceEntry:
    """What a plugin registers for a data source.

    Attributes:
        name: the name behind ``--data``, as in ``--data sample``; an argument may
            follow a colon.
        summary: one line for `harness list`.
        open: opens the source from its argument (a path for ``folder``), empty where
            none was given.
    """

    name: str
    summary: str
    open: Callable[[str], DataSource]
