"""`harness submit`: a benchmark's submission, from stored predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import DEFAULT_STORE, JsonOption, PluginOption, StoreOption

if TYPE_CHECKING:
    from harness.submit import Submission, Written

EPILOG = """\b
Examples:
  harness run --model bert:./mine --task glue --regime finetune:full --split submit
  harness submit glue --out submissions
  harness submit superglue --run 3f2a... --model t5:google-t5/t5-small --partial
"""

_SHOWN = 20  # missing tasks


def submit(
    benchmark_id: Annotated[
        str, typer.Argument(metavar="BENCHMARK", help="Such as glue.")
    ],
    run: Annotated[
        str | None,
        typer.Option("--run", help="The run that predicted; the newest by default."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Whose predictions, where the run has several.")
    ] = None,
    regime: Annotated[
        str | None, typer.Option(help="Of which regime, where the model has several.")
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the archive goes.")
    ] = Path("submissions"),
    partial: Annotated[
        bool, typer.Option("--partial", help="Write it though tasks are missing.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    json_output: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Write the official submission of what a run predicted.

    Predict first with 'harness run ... --split submit'. Counts, ids and labels are
    checked before anything is written, and the archive is read back.
    """
    from harness.api import open_store
    from harness.cli.leaderboard import choose_run
    from harness.plugins import load_plugins
    from harness.submit import collect, write

    plugins = load_plugins(plugin or ())
    benchmark = plugins.benchmark(benchmark_id)
    with open_store(store) as opened:
        record = choose_run(opened.runs(), run, store)
        submission = collect(
            benchmark, plugins.tasks, opened, record.cells, model=model, regime=regime
        )
    written = write(submission, out, partial=partial)
    if json_output:
        print(json.dumps(_as_json(submission, written, record.id), indent=2))
    else:
        _print(submission, written, record.id)


def _as_json(submission: Submission, written: Written, run: str) -> dict[str, Any]:
    return {
        "archive": str(written.path),
        "model": submission.model,
        "run": run,
        "sha256": written.sha256,
        "missing": dict(submission.missing),
    }


def _print(submission: Submission, written: Written, run: str) -> None:
    for file in submission.files:
        names = ", ".join(submission.place(file, name) for name in file.texts)
        print(f"{names}: {len(file.predictions)} predictions of {file.task.id}")
    for name in submission.archive.constant_files:
        print(f"{name}: as the benchmark wants it")
    missing = [f"{task_id}: {reason}" for task_id, reason in submission.missing.items()]
    for line in missing[:_SHOWN]:
        print(f"missing: {line}")
    if len(missing) > _SHOWN:
        print(f"missing: {len(missing) - _SHOWN} more, which --json lists")
    print(f"{submission.model}, run {run}: {written.path}")
    if submission.archive.instructions:
        print(submission.archive.instructions)
