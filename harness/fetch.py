"""Bring the data of tasks and the weights of models here, so that runs go offline.

Data goes to a folder in the layout that ``--data`` reads, one Parquet file a split;
weights go where the adapters look for them. A manifest beside the data holds what was
brought with its SHA-256; what it lists and is whole is not loaded again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.data import DataSource, Table, load_split, open_source
from harness.data.folder import FolderSource
from harness.errors import DataError, MissingDataError, PluginError
from harness.manifest import FetchedFile, Manifest, sha256_of
from harness.model import ModelEntry, ModelName
from harness.plugins import Plugins
from harness.task import Task

if TYPE_CHECKING:
    import pyarrow as pa

Status = Literal["loaded", "verified", "missing", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One split of one data set, and the tasks that read it.

    Attributes:
        folder: the data set's path below the data folder.
        split: the split's name.
        tasks: those that read it, one or more.
    """

    folder: str
    split: str
    tasks: tuple[Task, ...]

    @property
    def name(self) -> str:
        """The file's path below the data folder."""
        return f"{self.folder}/{self.split}.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What came of one file or model.

    Attributes:
        name: the file's path below the data folder, or the model's name.
        status: ``missing`` is what the source does not have.
        text: its rows and size, or the reason.
    """

    name: str
    status: Status
    text: str

    @property
    def is_here(self) -> bool:
        """Whether it can be read now."""
        return self.status in ("loaded", "verified")


def wanted_files(plugins: Plugins, tasks: Sequence[Task]) -> list[Wanted]:
    """Return every split of tasks, and of those that they are trained on, once.

    Raises:
        PluginError: two tasks read one folder from different data sets.
    """
    found: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        trained = plugins.task(task.training_task)
        pairs = [(task, task.data.evaluate), (task, task.data.submit)]
        for reader, split in (*pairs, (trained, trained.data.train)):
            if split is None:
                continue
            readers = found.setdefault((reader.data.folder, split), [])
            if readers and readers[0].data.hub != reader.data.hub:
                raise PluginError(
                    f"tasks {readers[0].id} and {reader.id} read {reader.data.folder} "
                    "from different data sets: give each a folder of its own"
                )
            if reader not in readers:
                readers.append(reader)
    return [
        Wanted(folder=folder, split=split, tasks=tuple(readers))
        for (folder, split), readers in found.items()
    ]


def needed_bytes(wanted: Sequence[Wanted], manifest: Manifest) -> int | None:
    """Return how much the Hub would send for what is not here, None if unknown."""
    from harness.data.hub import download_bytes

    hubs = {
        one.tasks[0].data.hub
        for one in wanted
        if one.tasks[0].data.hub is not None and one.name not in manifest.files
    }
    total = 0
    for hub in hubs:
        size = download_bytes(hub)
        if size is None:
            return None
        total += size
    return total


def check_space(need: int | None, folder: Path) -> None:
    """Refuse to begin what will not fit: what is sent, and the files made of it.

    Raises:
        DataError: the disk has less room.
    """
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    if need is not None and 2 * need > free:
        raise DataError(
            f"{2 * need / 1e9:.1f} GB are needed and {there} has {free / 1e9:.1f} GB: "
            "make room, name another folder with --out, or fetch fewer tasks"
        )


def fetch_data(
    plugins: Plugins,
    wanted: Sequence[Wanted],
    data: str,
    folder: Path,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Brought]:
    """Bring splits to a data folder, one after the other; each is whole or not there.

    Args:
        plugins: opens the source.
        wanted: the splits.
        data: the source, as ``--data`` takes it.
        folder: the data folder.
        tell: hears what is loaded.

    Raises:
        DataError: the manifest can't be read, or a file is there that it does not
            list.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = Manifest.read(folder)
    source = open_source(data, plugins.data_sources)
    for number, one in enumerate(wanted, start=1):
        tell(f"{number} of {len(wanted)}: {one.name}")
        known, path = manifest.files.get(one.name), folder / one.name
        if known and path.is_file() and sha256_of(path) == known.sha256:
            yield Brought(name=one.name, status="verified", text=str(known))
            continue
        if known is None and path.exists():
            raise DataError(
                f"{path} is there and was not fetched: remove it, or name another "
                "folder with --out"
            )
        try:
            fetched = _bring(one, source, folder, manifest)
        except MissingDataError as error:
            yield Brought(name=one.name, status="missing", text=str(error))
        except DataError as error:
            yield Brought(name=one.name, status="failed", text=str(error))
        else:
            yield Brought(name=one.name, status="loaded", text=str(fetched))


def _bring(
    wanted: Wanted, source: DataSource, folder: Path, manifest: Manifest
) -> FetchedFile:
    """Write a split and list it; every task reads it as it reads the source."""
    table = source.table(wanted.tasks[0], wanted.split)
    if table.is_sample:  # a copy would no longer be marked as made up
        raise DataError(
            f"{wanted.name} is made up, so there is nothing to fetch: run with --data "
            "sample"
        )
    path = folder / wanted.name
    scratch = folder / ".part"
    part = scratch / wanted.name
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(table, part)
        hashes = {
            task.id: _same_hash(task, wanted.split, source, FolderSource(root=scratch))
            for task in wanted.tasks
        }
        fetched = FetchedFile(
            sha256=sha256_of(part),
            bytes=part.stat().st_size,
            rows=table.size,
            origin=table.origin,
            content_hashes=hashes,
        )
        # listed before it is there: an interrupted file is loaded again, never trusted
        manifest.add_file(wanted.name, fetched)
        path.parent.mkdir(parents=True, exist_ok=True)
        part.replace(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return fetched


def _same_hash(task: Task, split: str, source: DataSource, copy: DataSource) -> str:
    wanted = load_split(task, source, split).content_hash
    found = load_split(task, copy, split).content_hash
    if wanted != found:
        raise DataError(
            f"{task.id} reads other rows from the copy of its split {split!r} than "
            f"from the source ({found[:12]}, expected {wanted[:12]}): report this"
        )
    return wanted


def _write(table: Table, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    batches = iter(table.batches() if table.batches else _inferred(table))
    first = next(batches, None)
    if first is None:
        raise DataError(f"{table.origin} has no rows, so there is nothing to fetch")
    schema = first.schema.remove_metadata()
    try:
        with pq.ParquetWriter(path, schema) as writer:
            for batch in (first, *batches):
                writer.write_table(batch.replace_schema_metadata(None))
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} can't be written ({error}): name another folder with --out"
        ) from error


def _inferred(table: Table) -> Iterator[pa.Table]:
    import pyarrow as pa

    yield pa.Table.from_pylist([dict(row) for row in table.rows()])


def fetch_models(
    plugins: Plugins, names: Sequence[str], manifest: Manifest
) -> Iterator[Brought]:
    """Bring the weights of models to where their adapters look for them.

    An adapter that describes a model fetches it and hashes its weights, configuration
    and tokenizer; the hash is kept, and must be the same at the next call.

    Raises:
        HarnessError: a model can't be fetched.
        DataError: it is not what was fetched before.
    """
    for text in names:
        name = ModelName.parse(text)
        entry = plugins.model(name)
        if not isinstance(entry, ModelEntry):
            yield Brought(name=text, status="verified", text="a baseline: no weights")
            continue
        found = entry.describe(name).fingerprint
        known = manifest.models.get(text)
        if known is not None and known != found:
            raise DataError(
                f"model {text} is another than was fetched before ({found[:12]}, "
                f"expected {known[:12]}): pin its revision, or remove it from "
                f"{manifest.path}"
            )
        manifest.add_model(text, found)
        status: Status = "loaded" if known is None else "verified"
        yield Brought(name=text, status=status, text=f"fingerprint {found[:12]}")
