"""The built-in sample: rows that a task makes up, for trying things out offline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from harness.data.source import DataSourceEntry, Table
from harness.errors import MissingDataError, UsageError
from harness.task import Task

DEFAULT_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSource:
    """Serves what `Data.sample` makes of a seed."""

    seed: int

    def table(self, task: Task, split: str) -> Table:
        """Return the rows that the task makes up for a split.

        Raises:
            DataError: the task has no sample, or none of this split.
        """
        if task.data.sample is None:
            raise MissingDataError(
                f"{task.id} has no built-in sample: name a folder with --data DIR or "
                "the Hub with --data hub"
            )
        rows = list(task.data.sample(split, self.seed))
        if not rows:
            raise MissingDataError(
                f"the built-in sample of {task.id} has no split {split!r}: name "
                "another split, or a folder with --data DIR"
            )
        return Table(
            origin=f"built-in sample, seed {self.seed}",
            columns=tuple(rows[0]),
            size=len(rows),
            rows=partial(iter, rows),
            is_sample=True,
        )


def open_sample(argument: str) -> SampleSource:
    """Open the sample with the seed that the argument names.

    Raises:
        UsageError: the argument is no whole number.
    """
    if argument and not argument.lstrip("-").isdecimal():
        raise UsageError(
            f"the sample has no seed {argument!r}, expected a whole number, as in "
            f"--data sample:{DEFAULT_SEED}"
        )
    return SampleSource(seed=int(argument) if argument else DEFAULT_SEED)


SAMPLE = DataSourceEntry(
    name="sample",
    summary="rows made up by each task, as in sample:SEED: for trying things out",
    open=open_sample,
)
