"""A checked split: the examples of a task, streamed, with their hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.data.source import DataSource, Table
from harness.task import Example, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A split whose every row was checked against its task.

    Attributes:
        name: the split's name in the data set.
        origin: where the rows come from.
        size: how many examples there are.
        content_hash: SHA-256 over ids, input columns and targets in order: the same
            whatever source or file format served them.
        duplicates: examples whose inputs stand more than once.
        is_labelled: whether every example has a target.
        is_sample: whether the project made the rows up.
    """

    name: str
    origin: str
    size: int
    content_hash: str
    duplicates: int
    is_labelled: bool
    is_sample: bool
    task: Task
    table: Table

    def __iter__(self) -> Iterator[Example]:
        """Yield the examples in the data set's order; may be iterated again."""
        raise NotImplementedError  # issue 2

    def sample(self, limit: int, seed: int) -> list[Example]:
        """Return a seeded sample, stratified by target, in the data set's order."""
        raise NotImplementedError  # issue 2


def load_split(task: Task, source: DataSource, split: str) -> Split:
    """Read a split once, check every row, and hash it.

    Raises:
        DataError: a column is missing or of the wrong type, a label is unknown, an
            id stands twice, or the split is empty; names file, row and column.
    """
    raise NotImplementedError  # issue 2
