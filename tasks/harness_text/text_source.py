"""Any text as a data set: ``--data text:PATH``, a file or a folder of ``.txt`` files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness import (
    DataError,
    DataSourceEntry,
    LanguageModelling,
    MissingDataError,
    Row,
    Task,
    UsageError,
)
from harness.data import Table

TRAIN = ",train="


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSource:
    """Serves text files, each one document; the training split is another path's.

    Attributes:
        path: a file, or a folder of ``.txt`` files at any depth.
        train: likewise, for what learns from text; None where there is none.
    """

    path: Path
    train: Path | None

    def table(self, task: Task, split: str) -> Table:
        """Return the documents, as rows of the task's text column and its ids.

        Raises:
            DataError: the task is over no text alone, there is no training text, or a
                file can't be read.
        """
        if not isinstance(task.problem, LanguageModelling):
            raise MissingDataError(
                f"the data source 'text' serves plain texts, and {task.id} needs "
                f"{', '.join(task.problem.columns)}: ask for a perplexity task such as "
                "text/perplexity, or name other data"
            )
        files = _files(self._of(task, split))
        columns = (_id_column(task), task.problem.text)
        return Table(
            origin=f"text {self._of(task, split)}",
            columns=columns,
            size=len(files),
            rows=partial(_rows, files, columns),
        )

    def _of(self, task: Task, split: str) -> Path:
        if split != task.data.train:
            return self.path
        if self.train is None:
            raise MissingDataError(
                f"there is no training text for {task.id}, expected a second path: "
                f"write --data text:{self.path}{TRAIN}PATH"
            )
        return self.train


def open_text(argument: str) -> TextSource:
    """Open ``PATH`` or ``PATH,train=PATH``.

    Raises:
        UsageError: no path is given.
        DataError: a path leads nowhere.
    """
    path, comma, train = argument.partition(TRAIN)
    if not path or (comma and not train):
        raise UsageError(
            f"the data source 'text' was given {argument!r}, expected the path of a "
            "file or folder: write --data text:PATH, or --data text:PATH,train=PATH"
        )
    return TextSource(path=_existing(path), train=_existing(train) if train else None)


def _existing(text: str) -> Path:
    path = Path(text).expanduser()
    if path.exists():
        return path
    raise MissingDataError(
        f"there is no file or folder {path}, expected text: correct --data"
    )


def _files(path: Path) -> list[tuple[str, Path]]:
    """Return the files with their names below the path, in the order of names."""
    if path.is_file():
        return [(path.name, path)]
    found = sorted((p.relative_to(path).as_posix(), p) for p in path.rglob("*.txt"))
    if found:
        return found
    raise MissingDataError(
        f"the folder {path} has no file that ends in .txt, expected one a document: "
        "rename the files, or name another folder"
    )


def _id_column(task: Task) -> str:
    names = task.data.id_column
    return names if isinstance(names, str) else "name"


def _rows(files: Sequence[tuple[str, Path]], columns: tuple[str, str]) -> Iterator[Row]:
    name, text = columns
    for relative, path in files:
        yield {name: relative, text: _read(path)}


def _read(path: Path) -> str:
    """Return a file's text as it stands, line ends included."""
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} can't be read as UTF-8 ({error}): convert it, or leave it out"
        ) from error
    if not text.strip():
        raise DataError(f"{path} has no words, expected a text: leave it out")
    return text


TEXT = DataSourceEntry(
    name="text",
    summary="plain text for perplexity, as in text:FILE, text:FOLDER of .txt files, "
    "text:PATH,train=PATH",
    open=open_text,
)
