"""Read a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from harness.data.arrow import BATCH_ROWS, batch_rows
from harness.data.source import Table
from harness.errors import DataError
from harness.task import Row


def read_parquet(path: Path) -> Table:
    """Return the table of a Parquet file; rows are decoded as they are read.

    Raises:
        DataError: it is no readable Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names, size = tuple(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    return Table(origin=str(path), columns=names, size=size, rows=partial(_rows, path))


def _rows(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield from batch_rows(file.iter_batches(BATCH_ROWS))
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    cause = str(error).partition("\n")[0].rstrip(".")
    return DataError(
        f"{path} can't be read as Parquet ({cause}): write the file again, or give it "
        "the suffix of what it is"
    )
