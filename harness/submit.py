"""From stored predictions to a benchmark's submission, checked before it is written."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harness.errors import DataError, PluginError, UsageError
from harness.results import CellResult
from harness.store import Store
from harness.submission import Archive, SubmissionFile
from harness.task import Benchmark, Example, Prediction, Task

_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that equal predictions make equal archives


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """One task's part of a submission.

    Attributes:
        task: the task.
        cell: where the predictions come from.
        text: what stands in its submission file.
        companions: what stands in the files beside it, by name.
        examples: what was predicted, in order.
        predictions: one for each example.
    """

    task: Task
    cell: CellResult
    text: str
    companions: Mapping[str, str]
    examples: Sequence[Example]
    predictions: Sequence[Prediction]

    @property
    def texts(self) -> dict[str, str]:
        """Its files' texts by name, the submission file first."""
        assert self.task.submission is not None
        return {self.task.submission.name: self.text, **self.companions}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A benchmark's files, not yet written.

    Attributes:
        benchmark: what is submitted to.
        archive: how it is packed.
        model: whose predictions they are.
        files: one a task.
        missing: the tasks that have none, each with the reason.
    """

    benchmark: Benchmark
    archive: Archive
    model: str
    files: tuple[TaskFile, ...]
    missing: Mapping[str, str]

    def place(self, file: TaskFile, name: str) -> str:
        """Return where a task's file stands in the archive.

        Where two tasks' files have one name, each task has a folder of its own.
        """
        names = [other for each in self.files for other in each.texts]
        if len(set(names)) == len(names):
            return name
        return f"{file.task.id.partition('/')[2]}/{name}"

    def texts(self) -> dict[str, str]:
        """Return what stands in the archive's files, by name."""
        own = {
            self.place(file, name): text
            for file in self.files
            for name, text in file.texts.items()
        }
        return {**own, **self.archive.constant_files}


class Written(NamedTuple):
    """An archive that was written and read back."""

    path: Path
    sha256: dict[str, str]


def submitted_split(task: Task) -> str:
    """Return the split whose predictions a task's submission holds."""
    return task.data.submit or task.data.evaluate


def collect(
    benchmark: Benchmark,
    tasks: Mapping[str, Task],
    store: Store,
    cells: Sequence[str],
    *,
    model: str | None = None,
    regime: str | None = None,
) -> Submission:
    """Word the files of a submission from a run's predictions.

    Args:
        benchmark: what is submitted to.
        tasks: all tasks by id.
        store: holds the predictions.
        cells: the run's cell fingerprints.
        model: whose predictions; needed where the run has several models.
        regime: of which regime; needed where the model has several.

    Raises:
        UsageError: the benchmark takes no submissions, or several cells could be
            meant.
        DataError: predictions are missing or can't be written; names task and example.
    """
    if benchmark.archive is None:
        raise UsageError(
            f"{benchmark.id} takes no submissions: 'harness list benchmarks' shows "
            "what there is"
        )
    own = [cell for cell in store.results(cells) if cell.task in benchmark.tasks]
    chosen = _of_one_model(benchmark, own, model, regime)
    files, missing = [], {}
    for task_id in benchmark.tasks:
        task = tasks[task_id]
        if task.submission is None:
            continue
        found = _cell_of(task, chosen)
        if isinstance(found, CellResult):
            files.append(_word(task, task.submission, found, store))
        else:
            missing[task_id] = found
    submission = Submission(
        benchmark=benchmark,
        archive=benchmark.archive,
        model=chosen[0].model,
        files=tuple(files),
        missing=missing,
    )
    _check_names(submission)
    return submission


def _of_one_model(
    benchmark: Benchmark,
    cells: Sequence[CellResult],
    model: str | None,
    regime: str | None,
) -> list[CellResult]:
    """Return the cells of one model in one regime.

    Raises:
        UsageError: there are none, or several models or regimes.
    """
    models = sorted({cell.model for cell in cells})
    if not models:
        raise UsageError(
            f"the run has no predictions of {benchmark.id}: run its tasks with --split "
            "submit, or name another run with --run"
        )
    if model is None and len(models) > 1:
        raise UsageError(
            f"the run has predictions of {', '.join(models)}: name one with --model"
        )
    if model is not None and model not in models:
        raise UsageError(
            f"the run has no predictions of {model!r}, only of {', '.join(models)}: "
            "correct --model"
        )
    own = [cell for cell in cells if cell.model == (model or models[0])]
    regimes = sorted({_regime(cell) for cell in own})
    if regime is None and len(regimes) > 1:
        raise UsageError(
            f"{own[0].model} was run as {' and as '.join(regimes)}: name one with "
            "--regime"
        )
    if regime is not None and regime not in regimes:
        raise UsageError(
            f"{own[0].model} was not run as {regime!r}, only as "
            f"{' and as '.join(regimes)}: correct --regime"
        )
    return [cell for cell in own if regime in (None, _regime(cell))]


def _regime(cell: CellResult) -> str:
    settings = ",".join(f"{name}={value}" for name, value in cell.settings.items())
    return ",".join(filter(None, [cell.regime, settings]))


def _cell_of(task: Task, cells: Sequence[CellResult]) -> CellResult | str:
    """Return the cell whose predictions are submitted, or why there is none.

    Raises:
        UsageError: there are several.
        DataError: it predicted a part of the split only.
    """
    own = [cell for cell in cells if cell.task == task.id]
    split = submitted_split(task)
    done = [cell for cell in own if cell.status == "done" and cell.split == split]
    if len(done) > 1:
        ways = [f"{c.formulation} {c.prompt or ''} seed {c.seed}" for c in done]
        raise UsageError(
            f"{task.id} was predicted {len(done)} times ({', '.join(ways)}): name a "
            "run that holds one of them with --run"
        )
    if not done:
        reasons = [cell.reason for cell in own if cell.reason]
        return reasons[0] if reasons else f"split {split!r} was not predicted"
    if done[0].caveats.is_partial:
        raise DataError(
            f"{task.id}: {done[0].caveats.limit} of {done[0].caveats.split_size} "
            "examples were predicted, expected all: run it again without --limit"
        )
    return done[0]


def _word(
    task: Task, submission: SubmissionFile, cell: CellResult, store: Store
) -> TaskFile:
    pairs = store.predictions(cell.fingerprint)
    examples = [example for example, _ in pairs]
    predictions = [prediction for _, prediction in pairs]
    if len(pairs) != cell.caveats.split_size:
        raise DataError(
            f"{task.id}: the store has {len(pairs)} predictions of "
            f"{cell.caveats.split_size} examples: run it again"
        )
    try:
        text = submission.write(predictions, examples)
        companions = {
            one.name: beside
            for one in task.companions
            if (beside := one.write(predictions, examples)) is not None
        }
    except DataError as error:
        raise DataError(f"{task.id}: {error}") from error
    file = TaskFile(
        task=task,
        cell=cell,
        text=text,
        companions=companions,
        examples=examples,
        predictions=predictions,
    )
    _check_reading(file, text)
    return file


def _check_reading(file: TaskFile, text: str) -> None:
    """Refuse a text that does not read back as the predictions it was made of.

    A number may be rounded and a text may lose its line ends on the way, but then
    they must be written the same again; a label must be the same.
    """
    submission, labels = file.task.submission, file.task.problem.labels
    assert submission is not None
    read = submission.read(text, file.examples)
    for wanted, found in zip(file.predictions, read, strict=True):
        is_label = wanted.value in labels
        if wanted.id != found.id or (is_label and wanted.value != found.value):
            raise PluginError(
                f"{submission.name} of {file.task.id} reads back example {wanted.id!r} as "
                f"{found.value!r}, expected {wanted.value!r}: correct its submission "
                "file"
            )
    if submission.write(read, file.examples) != file.text:
        raise PluginError(
            f"{submission.name} of {file.task.id} is written otherwise once it was read "
            "back, expected the same text: correct its submission file"
        )


def _check_names(submission: Submission) -> None:
    """Refuse a flat archive in which two files would have one name."""
    names = [name for file in submission.files for name in file.texts]
    names += submission.archive.constant_files
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice and submission.archive.kind == "zip":
        raise PluginError(
            f"the archive would hold {twice[0]} twice, expected each file once: "
            "correct the tasks' submission files"
        )


def write(submission: Submission, folder: Path, *, partial: bool = False) -> Written:
    """Write a submission, whole or not at all, and read it back.

    Args:
        submission: what to write.
        folder: where it goes; made where it is missing.
        partial: whether tasks may be missing.

    Raises:
        UsageError: tasks are missing, or the place can't be written.
        PluginError: what was written does not read back.
    """
    if submission.missing and submission.archive.needs_all and not partial:
        told = "; ".join(f"{task}: {why}" for task, why in submission.missing.items())
        raise UsageError(
            f"{submission.benchmark.id} takes whole submissions alone, and "
            f"{len(submission.missing)} tasks are missing ({told}): run them with "
            "--split submit, or write what is there with --partial"
        )
    if not submission.files:
        raise UsageError(
            f"no task of {submission.benchmark.id} was predicted on its split for "
            "submissions: run them with --split submit"
        )
    texts = submission.texts()
    name = f"{submission.benchmark.id}-{_slug(submission.model)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if submission.archive.kind == "zip":
            path = _write_zip(folder / f"{name}.zip", texts)
        else:
            path = _write_folder(folder / name, texts)
    except OSError as error:
        raise UsageError(
            f"{folder} can't be written ({error}): name another with --out"
        ) from error
    return Written(path, _read_back(submission, path, texts))


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in kept.split("-") if part) or "model"


def _write_zip(path: Path, texts: Mapping[str, str]) -> Path:
    with _scratch(path) as scratch:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in sorted(texts.items()):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, text.encode())
        scratch.replace(path)
    return path


def _write_folder(path: Path, texts: Mapping[str, str]) -> Path:
    if path.exists():
        raise UsageError(
            f"{path} is there already: remove it, or name another folder with --out"
        )
    with _scratch(path) as scratch:
        scratch.mkdir()
        for name, text in texts.items():
            target = scratch / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        scratch.rename(path)
    return path


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """Give a place beside the path that is gone in the end, whatever happens."""
    holder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield holder / path.name
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _read_back(
    submission: Submission, path: Path, texts: Mapping[str, str]
) -> dict[str, str]:
    """Return each file's SHA-256, once all read back as what they were made of."""
    contents = _contents(path)
    if contents.keys() != texts.keys():
        raise PluginError(
            f"{path} holds {', '.join(sorted(contents))}, expected "
            f"{', '.join(sorted(texts))}: write it again"
        )
    for file in submission.files:
        first = next(iter(file.texts))
        _check_reading(file, contents[submission.place(file, first)].decode())
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in sorted(contents.items())
    }


def _contents(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        found = [child for child in path.rglob("*") if child.is_file()]
        return {
            str(child.relative_to(path)).replace(os.sep, "/"): child.read_bytes()
            for child in found
        }
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}
