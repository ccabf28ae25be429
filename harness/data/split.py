"""A checked split: the examples of a task, streamed, with their hash."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from harness.data.checks import RowReader, read_rows, shorten
from harness.data.draw import choose, choose_groups, take
from harness.data.source import DataSource, Table
from harness.errors import DataError, UsageError
from harness.requests import JsonValue
from harness.task import Example, Task, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A split whose every row was checked against its task.

    Attributes:
        name: the split's name in the data set.
        origin: where the rows come from, and how many of them the task leaves out.
        size: how many examples there are.
        content_hash: SHA-256 over ids, input columns, targets and groups in order: the
            same whatever source or file format served them.
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
        return read_rows(self.task, self.table, self.name).examples()

    def sample(self, limit: int, seed: int) -> list[Example]:
        """Return a seeded sample, stratified by target, in the data set's order.

        Where the task groups its examples, whole groups are drawn instead: `limit`
        examples at most, or one group that is larger.

        Raises:
            UsageError: `limit` is below 1.
        """
        if limit < 1:
            raise UsageError(
                f"a limit of {limit} examples leaves nothing, expected 1 or more: "
                "raise it or leave it out"
            )
        if limit >= self.size:
            return list(self)
        draw = choose_groups if self.task.data.group_column else choose
        return take(self, draw(self, limit, f"sample {seed}"))


def load_split(task: Task, source: DataSource, split: str) -> Split:
    """Read a split once, check every row, and hash it.

    Raises:
        DataError: a column is missing or of the wrong type, a label is unknown, an
            id stands twice, or the split is empty; names file, row and column.
    """
    table = source.table(task, split)
    reader = read_rows(task, table, split)
    survey = _Survey(task, table.origin)
    for example in reader.examples():
        survey.add(example)
    survey.check_size()
    survey.check_ids(reader)
    repeated = _repeated(survey.inputs)
    return Split(
        name=split,
        origin=_origin(table, left_out=table.size - survey.size),
        size=survey.size,
        content_hash=survey.content_hash.hexdigest(),
        duplicates=sum(value in repeated for value in survey.inputs),
        is_labelled=survey.unlabelled == 0,
        is_sample=table.is_sample,
        task=task,
        table=table,
    )


def _origin(table: Table, *, left_out: int) -> str:
    if not left_out:
        return table.origin
    return f"{table.origin} (left out {left_out} of {table.size} rows)"


class _Survey:
    """What one pass gathers: 16 bytes an example, however long its text."""

    def __init__(self, task: Task, origin: str) -> None:
        self.task = task
        self.origin = origin
        self.size = 0
        self.unlabelled = 0
        self.first_unlabelled = 0
        self.content_hash = hashlib.sha256()
        self.ids = array("q")
        self.inputs = array("q")
        self._columns = tuple(task.problem.columns)
        self._encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode

    def add(self, example: Example) -> None:
        """Take note of one example."""
        inputs = [self._text(pick(example.columns, name)) for name in self._columns]
        group = [] if example.group is None else [example.group]
        line = self._encode([example.id, *inputs, self._target(example), *group])
        self.content_hash.update(line.encode() + b"\n")
        self.ids.append(hash(example.id))
        self.inputs.append(hash(tuple(inputs)))
        self.size += 1
        if example.target is None:
            self.unlabelled += 1
            self.first_unlabelled = self.first_unlabelled or self.size

    def _target(self, example: Example) -> JsonValue:
        """Return the target as the column has it, where that says more (places)."""
        whole = pick(example.columns, self.task.problem.target_column)
        is_more = example.target is not None and isinstance(whole, dict)
        return whole if is_more else example.target

    def _text(self, value: JsonValue) -> str:
        return value if isinstance(value, str) else self._encode(value)

    def check_size(self) -> None:
        """Raise if there is no row, or targets in some rows only."""
        if self.size == 0:
            raise DataError(
                f"{self.origin} has no rows, expected one or more examples of "
                f"{self.task.id}: name another split or another --data"
            )
        if 0 < self.unlabelled < self.size:
            raise DataError(
                f"{self.origin}: {self.unlabelled} of {self.size} rows have no "
                f"{self.task.problem.target_column!r} (the first is row "
                f"{self.first_unlabelled}), expected all or none: remove them or move "
                "them to a split of their own"
            )

    def check_ids(self, reader: RowReader) -> None:
        """Raise if an id stands twice; reads again, to name it."""
        repeated = _repeated(self.ids)
        if not repeated:
            return
        rows = [i for i, value in enumerate(self.ids) if value in repeated]
        second = next(row for row in rows[1:] if self.ids[row] == self.ids[rows[0]])
        (example,) = take(reader.examples(), [second])
        raise DataError(
            f"{self.origin}, rows {rows[0] + 1} and {second + 1}: both have the id "
            f"{shorten(example.id)}, expected one row an id: remove one, or correct "
            f"column {self.task.data.id_column!r}"
        )


def _repeated(values: array[int]) -> set[int]:
    ordered = sorted(values)
    return {value for value, following in pairwise(ordered) if value == following}
