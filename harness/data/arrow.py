"""From Arrow record batches to rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from harness.task import Row

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 8192
"""Rows decoded at a time: enough to be fast, few enough to stream."""


def batch_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[Row]:
    """Yield the rows of record batches, in order."""
    for batch in batches:
        names = batch.schema.names
        columns = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))
