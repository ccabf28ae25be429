"""`harness export`: models for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import DEFAULT_STORE, PluginOption, StoreOption

if TYPE_CHECKING:
    from harness.export import Exported
    from harness.results import CellResult

EPILOG = """\b
Examples:
  harness export checkpoint --task glue/mrpc --seed 1 --out ./mrpc-model
  harness export checkpoint bert:./base+./adapter --merge --out ./merged
"""

export = typer.Typer(
    help="Write models for other programs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@export.callback()
def group() -> None:
    """Keep the commands a group, even where there is one."""


@export.command(
    "checkpoint", epilog=EPILOG, short_help="Write a Hugging Face folder with a card."
)
def export_checkpoint(
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FOLDER", help="The folder to make; must not exist."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="The model to write; with --task the base of the training, where the "
            "run has several.",
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", help="Write the checkpoint trained for this task."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", help="The run that trained it; all runs by default."),
    ] = None,
    regime: Annotated[
        str | None,
        typer.Option("--regime", help="The regime, where there are several."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="The seed, where there are several.")
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Write base and adapter as one model.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    plugin: PluginOption = None,
) -> None:
    """Write a model as a folder that transformers loads, with a card of its scores."""
    from harness.errors import UsageError
    from harness.export import choose_trained, export_checkpoint
    from harness.plugins import load_plugins

    plugins = load_plugins(plugin or ())
    if task is not None:
        chosen = choose_trained(
            _cells(store, run), task=task, model=model, regime=regime, seed=seed
        )
    elif model is not None:
        chosen = _named(model, store, run)
    else:
        raise UsageError(
            "nothing to export: name a MODEL, or the --task that a checkpoint was "
            "trained for"
        )
    export_checkpoint(chosen, out, plugins, merge=merge)
    typer.echo(f"{chosen.name}: {out}, with {len(chosen.cells)} results in its card")


def _cells(store: str, run: str | None) -> list[CellResult]:
    """Return what a store holds, of one run or of all."""
    from harness.api import open_store
    from harness.cli.leaderboard import choose_run

    with open_store(store) as opened:
        cells = choose_run(opened.runs(), run, store).cells if run else None
        return opened.results(cells)


def _named(model: str, store: str, run: str | None) -> Exported:
    """Return a model with its results, where there is a store."""
    from harness.cli.planning import known_results
    from harness.export import choose_model
    from harness.model import ModelName

    cells = _cells(store, run) if run else known_results(store)
    return choose_model(ModelName.parse(model), cells)
