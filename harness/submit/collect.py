"""From a run's stored predictions to the files of a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.errors import DataError, PluginError, UsageError
from harness.results import CellResult
from harness.store import Store
from harness.submission import SubmissionFile
from harness.submit.files import Submission, TaskFile, check_reading
from harness.task import Benchmark, Task


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
            f"the run has predictions of {' and '.join(models)}, expected one model: name it with --model"
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
    split = task.data.split("submit")
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
    check_reading(file, text)
    return file


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
