"""The Hub: data sets by repository id and revision, through the datasets library."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING

from harness.data.arrow import BATCH_ROWS, batch_rows
from harness.data.source import DataSourceEntry, Table
from harness.errors import DataError, MissingDataError
from harness.task import HubData, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from datasets import Dataset, DatasetBuilder

    from harness.task import Row

PATIENCE_S = 2.5
"""How long the Hub may take for its first answer."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_INSTEAD = "name a folder with --data DIR, or use --data sample"


class HubUnreachableError(DataError):
    """Raised when the Hub gives no answer, whatever data set it is asked for."""


class HubSource:
    """Serves Hub data sets; what is in the local cache is not asked for again.

    A Hub that can't be reached is asked once: later tables are refused at once.

    Args:
        revision: a branch, tag or commit to read in place of those that tasks pin,
            None to read those.
    """

    def __init__(self, *, revision: str | None = None) -> None:
        self.revision = revision
        self._unreachable: str | None = None

    def table(self, task: Task, split: str) -> Table:
        """Return a split of the task's Hub data set, downloaded where it must be.

        Raises:
            DataError: the task is on no hub; the Hub can't be reached; or it has no
                such data set, revision, configuration or split.
        """
        from harness.data.quiet import quiet

        if task.data.hub is None:
            raise MissingDataError(f"{task.id} is on no hub: {_INSTEAD}")
        hub = replace(task.data.hub, revision=self.revision or task.data.hub.revision)
        with quiet():
            builder = self._open(hub)
            dataset = _read(builder, hub, split)
        return Table(
            origin=f"{_name(hub)} {split} at {builder.hash}",
            columns=tuple(dataset.column_names),
            size=dataset.num_rows,
            rows=partial(_rows, dataset),
            batches=partial(_batches, dataset),
        )

    def _open(self, hub: HubData) -> DatasetBuilder:
        import datasets

        if Path(hub.path).is_dir():
            raise DataError(
                f"there is a folder {hub.path} here, which the datasets library reads "
                "in place of the Hub: run from another folder"
            )
        cached = _cached(hub)
        if cached is not None:
            return cached
        if datasets.config.HF_HUB_OFFLINE:
            return _latest_cached(hub)
        return _load_builder(replace(hub, revision=self._commit(hub)))

    def _commit(self, hub: HubData) -> str:
        if self._unreachable is not None:
            raise HubUnreachableError(self._unreachable)
        try:
            return _ask_for_commit(hub)
        except HubUnreachableError as error:
            self._unreachable = str(error)
            raise


def open_hub(argument: str) -> HubSource:
    """Open the Hub; the argument is a revision for all data sets, or empty."""
    return HubSource(revision=argument or None)


def _cached(hub: HubData) -> DatasetBuilder | None:
    """Return the reader of a pinned commit that was loaded before, if it was."""
    from datasets.packaged_modules.cache.cache import Cache

    if hub.revision is None or not _COMMIT.fullmatch(hub.revision):
        return None
    builder = Cache(
        repo_id=hub.path,
        dataset_name=hub.path.rpartition("/")[2],
        config_name=hub.config,
        hash=hub.revision,
    )
    return builder if Path(builder.cache_dir).is_dir() else None


def _latest_cached(hub: HubData) -> DatasetBuilder:
    """Return the reader of the revision that was loaded last, if it will do."""
    import datasets

    missing = DataError(
        f"{_name(hub)} at {hub.revision or 'any revision'} is not in the cache and "
        f"the Hub is switched off: unset HF_HUB_OFFLINE and HF_DATASETS_OFFLINE, "
        f"{_INSTEAD}"
    )
    try:
        builder = datasets.load_dataset_builder(hub.path, hub.config)
    except (ValueError, OSError) as error:
        raise missing from error
    if hub.revision is not None and builder.hash != hub.revision:
        raise missing
    return builder


def _ask_for_commit(hub: HubData) -> str:
    """Return the commit of a revision, or say within seconds why there is none.

    The first request goes out on a thread of its own: looking up a name can take
    longer than any limit that the request itself is given.
    """
    answers: Queue[str | Exception] = Queue()

    def ask() -> None:
        from huggingface_hub import HfApi

        try:
            info = HfApi(endpoint=_endpoint()).dataset_info(
                hub.path, revision=hub.revision, timeout=2 * PATIENCE_S
            )
            answers.put(str(info.sha))
        except _failures() as error:
            answers.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=PATIENCE_S)
    except Empty as error:
        raise _unreachable(f"no answer in {PATIENCE_S:g} seconds") from error
    if isinstance(answer, Exception):
        raise _refused(hub, answer) from answer
    return answer


def _refused(hub: HubData, error: Exception) -> DataError:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return DataError(
            f"{hub.path} is gated: ask for access on its page and log in with "
            f"'hf auth login', {_INSTEAD}"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return DataError(
            f"{hub.path} has no revision {hub.revision!r} on the Hub: name another "
            f"with --data hub:REVISION, {_INSTEAD}"
        )
    if isinstance(error, errors.RepositoryNotFoundError | errors.HFValidationError):
        return DataError(
            f"the Hub has no data set {hub.path!r} that you may read: correct the "
            f"task's data, log in with 'hf auth login', {_INSTEAD}"
        )
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return _unreachable(_one_line(error) if status is None else f"status {status}")


def _unreachable(cause: str) -> HubUnreachableError:
    return HubUnreachableError(
        f"the Hub at {_endpoint()} can't be reached ({cause}): go online, {_INSTEAD}"
    )


def _load_builder(hub: HubData) -> DatasetBuilder:
    """Return what reads the data set from the Hub at a commit."""
    import datasets

    try:
        builder = datasets.load_dataset_builder(
            hub.path, hub.config, revision=hub.revision
        )
    except RuntimeError as error:
        raise DataError(
            f"{_name(hub)} can't be read ({_one_line(error)}): name a data set whose "
            f"files are Parquet, JSON or CSV, {_INSTEAD}"
        ) from error
    except ValueError as error:
        there = str(error).partition("vailable: ")[2] or _one_line(error)
        raise DataError(
            f"{hub.path} has no configuration {hub.config!r}, only {there}: correct "
            "the task's data"
        ) from error
    except _failures() as error:
        raise _unread(hub, error) from error
    if builder.hash != hub.revision:
        # the library falls back on whatever revision it has, without an error
        raise DataError(
            f"{_name(hub)} at {hub.revision} can't be read from the Hub, and the cache "
            f"has only {builder.hash}: name that with --data hub:REVISION, {_INSTEAD}"
        )
    return builder


def _read(builder: DatasetBuilder, hub: HubData, split: str) -> Dataset:
    try:
        builder.download_and_prepare()
    except _failures() as error:
        raise _unread(hub, error) from error
    if split not in builder.info.splits:
        raise MissingDataError(
            f"{_name(hub)} has no split {split!r}, only "
            f"{', '.join(builder.info.splits)}: name another split"
        )
    return builder.as_dataset(split=split)


def _failures() -> tuple[type[Exception], ...]:
    """Return what talking to the Hub raises, whatever HTTP client is behind it."""
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError

    bases = [base for base in HfHubHTTPError.__bases__ if issubclass(base, Exception)]
    return DatasetsError, ValueError, *bases


def _unread(hub: HubData, error: Exception) -> DataError:
    return DataError(
        f"{_name(hub)} at {hub.revision} can't be read from the Hub "
        f"({_one_line(error)}): try again, {_INSTEAD}"
    )


def _rows(dataset: Dataset) -> Iterator[Row]:
    return batch_rows(_batches(dataset))


def _batches(dataset: Dataset) -> Iterator[pa.Table]:
    batches: Iterator[pa.Table] = dataset.with_format("arrow").iter(BATCH_ROWS)
    return batches


def download_bytes(hub: HubData) -> int | None:
    """Return how much the Hub would send for a data set, None where it won't say.

    Where a configuration has a folder of its own, its files alone are counted.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    try:
        commit = _ask_for_commit(hub)  # answers at once where the next one tries again
        listed = HfApi(endpoint=_endpoint()).list_repo_tree(
            hub.path, revision=commit, repo_type="dataset", recursive=True
        )
        sizes = {f.path: f.size for f in listed if isinstance(f, RepoFile)}
    except DataError:
        return None
    except _failures():
        return None
    own = {path: n for path, n in sizes.items() if path.startswith(f"{hub.config}/")}
    return sum((own or sizes).values())


def _name(hub: HubData) -> str:
    return hub.path if hub.config is None else f"{hub.path} {hub.config}"


def _endpoint() -> str:
    from huggingface_hub import constants

    return constants.ENDPOINT


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__


HUB = DataSourceEntry(
    name="hub",
    summary="the data sets that tasks name on the Hugging Face Hub, as in hub:REVISION",
    open=open_hub,
)
