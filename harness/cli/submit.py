"""`harness submit`: a benchmark's submission, from stored predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import DEFAULT_STORE, JsonOption, PluginOption, StoreOption

EPILOG = """\b
Examples:
  harness run --model bert:./mine --task glue --regime finetune:full --split submit
  harness submit glue --out submissions
  harness submit superglue --run 3f2a... --model t5:google-t5/t5-small --partial
"""


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
        found = {
            "archive": str(written.path),
            "model": submission.model,
            "run": record.id,
            "sha256": written.sha256,
            "missing": dict(submission.missing),
        }
        print(json.dumps(found, indent=2))
        return
    for file in submission.files:
        names = ", ".join(submission.place(file, name) for name in file.texts)
        print(f"{names}: {len(file.predictions)} predictions of {file.task.id}")
    for name in submission.archive.constant_files:
        print(f"{name}: as the benchmark wants it")
    for task_id, reason in submission.missing.items():
        print(f"missing: {task_id}: {reason}")
    print(f"{submission.model}, run {record.id}: {written.path}")
    if submission.archive.instructions:
        print(submission.archive.instructions)
