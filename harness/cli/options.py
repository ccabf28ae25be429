"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

DEFAULT_STORE = "runs/store.sqlite"

PluginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        "-p",
        metavar="FILE|MODULE",
        help="Load a plugin too: a .py file, a .yaml file of task rows, or a module. "
        "May be given several times.",
    ),
]
DataOption = Annotated[
    str,
    typer.Option(
        "--data",
        metavar="SOURCE",
        help="Where examples come from: hub, sample, or a folder.",
    ),
]
StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="PATH|URL",
        help="Where results are kept: a SQLite file, or the URL of a PostgreSQL server.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON, with nothing left out.")
]
TrackOption = Annotated[
    list[str] | None,
    typer.Option(
        "--track",
        metavar="TRACKER",
        help="Follow the run with tensorboard:FOLDER or mlflow:URI (extra track). "
        "May be given several times.",
    ),
]
