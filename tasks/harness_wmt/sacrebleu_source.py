"""The data source ``sacrebleu``: test sets as sacreBLEU downloads and keeps them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from harness import DataError, DataSourceEntry, MissingDataError, Row, Task
from harness.data import Table
from harness.requests import JsonValue

META = {"docid": "doc_id", "domain": "domain", "origlang": "original_language"}
"""Columns beside the texts, by sacreBLEU's name for them."""


class StoredSet(Protocol):
    """The part of a sacreBLEU data set that is used here."""

    def get_files(self, langpair: str) -> list[str]:
        """Return the text files of a pair, made or downloaded if need be."""

    def get_reference_files(self, langpair: str) -> list[str]:
        """Return those of them that hold references."""

    def fieldnames(self, langpair: str) -> list[str]:
        """Return what each file holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SacreBleuSource:
    """Serves test sets of sacreBLEU.

    Attributes:
        variant: another release of the year's sets, such as ``full`` of ``wmt14`` or
            ``AB`` of ``wmt21``; empty for the official one.
    """

    variant: str = ""

    def table(self, task: Task, split: str) -> Table:
        """Return a test set, downloaded where it is not there yet.

        Raises:
            MissingDataError: sacreBLEU has no such set, pair or split.
            DataError: it can't be downloaded.
        """
        suite, _, rest = task.id.partition("/")
        year, _, pair = rest.partition("/")
        name = f"{year}/{self.variant}" if self.variant else year
        dataset = _dataset(name, pair) if suite == "wmt" and pair else None
        if dataset is None or split != task.data.evaluate:
            raise MissingDataError(
                f"sacreBLEU has no data of {task.id}, split {split!r}, under the name "
                f"{name!r}: it has test sets only, so use --data hub or a folder for "
                "the rest"
            )
        rows = _read(dataset, pair, name)
        return Table(
            origin=f"sacreBLEU {name} {pair}",
            columns=tuple(rows[0]) if rows else (),
            size=len(rows),
            rows=partial(_iterate, rows),
        )


def _iterate(rows: list[Row]) -> Iterator[Row]:
    return iter(rows)


def _dataset(name: str, pair: str) -> StoredSet | None:
    from sacrebleu.dataset import DATASETS

    if name not in DATASETS or pair not in DATASETS[name].langpairs:
        return None
    found: StoredSet = DATASETS[name]
    return found


def _read(dataset: StoredSet, pair: str, name: str) -> list[Row]:
    """Return the rows of a test set from the text files that sacreBLEU keeps.

    Raises:
        DataError: they are not there and can't be downloaded, or differ in length.
    """
    try:
        files = [Path(path) for path in dataset.get_files(pair)]
        fields = dataset.fieldnames(pair)
        wanted = {Path(path) for path in dataset.get_reference_files(pair)}
        texts = [_lines(path) for path in files]
    # sacreBLEU leaves by SystemExit where a download is not what it should be
    except (OSError, SystemExit) as error:
        raise DataError(
            f"the test set {name} {pair} is not in sacreBLEU's folder and can't be "
            f"downloaded ({error}): connect to the network once, set SACREBLEU to a "
            "folder that has it, or use --data DIR"
        ) from error
    if len({len(lines) for lines in texts}) > 1:
        counts = ", ".join(
            f"{p.name} {len(t)}" for p, t in zip(files, texts, strict=True)
        )
        raise DataError(
            f"sacreBLEU's files of {name} {pair} differ in length ({counts}), expected "
            f"a line a segment in each: remove {os.fspath(files[0].parent)} and try "
            "again"
        )
    columns = dict(zip(fields, texts, strict=True))
    references = [t for p, t in zip(files, texts, strict=True) if p in wanted]
    return [_row(columns, references, pair, index) for index in range(len(texts[0]))]


def _row(
    columns: dict[str, list[str]], references: list[list[str]], pair: str, index: int
) -> Row:
    source, _, target = pair.partition("-")
    # a translator who left a segment out has an empty line there
    found: list[JsonValue] = [lines[index] for lines in references if lines[index]]
    first = found[0] if found else references[0][index]
    meta = {new: columns[old][index] for old, new in META.items() if old in columns}
    return {
        "translation": {source: columns["src"][index], target: first},
        "references": found or [first],
        **meta,
    }


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [line.strip() for line in text.removesuffix("\n").split("\n")]


def open_sacrebleu(argument: str) -> SacreBleuSource:
    """Open the source; the argument names another release of a year's sets."""
    return SacreBleuSource(variant=argument)


SACREBLEU = DataSourceEntry(
    name="sacrebleu",
    summary="WMT test sets as sacreBLEU downloads them, as in sacrebleu or sacrebleu:full",
    open=open_sacrebleu,
)
