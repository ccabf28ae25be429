"""A data folder: one file a split, below the path that each task declares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.data.csv_table import read_csv
from harness.data.json_lines import read_json_lines
from harness.data.parquet import read_parquet
from harness.data.source import DataSourceEntry, Table
from harness.errors import DataError, MissingDataError, UsageError
from harness.task import Task

SUFFIXES = (".parquet", ".jsonl", ".csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """Serves ``<root>/<task.data.folder>/<split>`` with one of the suffixes."""

    root: Path

    def table(self, task: Task, split: str) -> Table:
        """Return the table of a split's file.

        Raises:
            DataError: there is no such file, or two, or it can't be read.
        """
        path = _find(self.root / task.data.folder, split, task)
        if path.suffix == ".parquet":
            return read_parquet(path)
        if path.suffix == ".jsonl":
            return read_json_lines(path)
        return read_csv(path, task)


def open_folder(argument: str) -> FolderSource:
    """Open the data folder at a path; ``~`` is the home folder.

    Raises:
        UsageError: no path is given.
        DataError: the path is no folder.
    """
    if not argument:
        raise UsageError(
            "the data source 'folder' needs a path: write --data DIR or --data "
            "folder:DIR"
        )
    root = Path(argument).expanduser()
    if not root.is_dir():
        raise MissingDataError(
            f"there is no folder {root}, expected one with a folder for each data set, "
            "such as glue/sst2: correct --data, or try --data sample"
        )
    return FolderSource(root=root)


def _find(folder: Path, split: str, task: Task) -> Path:
    if not folder.is_dir():
        raise MissingDataError(
            f"there is no folder {folder} for the data of {task.id}: put its splits "
            "there, name another folder with --data, or try --data sample"
        )
    found = [path for s in SUFFIXES if (path := folder / f"{split}{s}").is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(
            f"{folder} has split {split!r} more than once "
            f"({', '.join(path.name for path in found)}), expected one file: remove "
            "the others"
        )
    there = sorted({path.stem for path in folder.iterdir() if path.suffix in SUFFIXES})
    raise MissingDataError(
        f"{folder} has no split {split!r}, only {', '.join(there) or 'none at all'}: "
        f"add {split}.parquet, {split}.jsonl or {split}.csv, or name another split"
    )


FOLDER = DataSourceEntry(
    name="folder",
    summary="files of one's own, as in --data DIR: <data set>/<split>.parquet, .jsonl or .csv",
    open=open_folder,
)
