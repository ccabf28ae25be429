"""`harness leaderboard`: write the page again from a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import DEFAULT_STORE, PluginOption, StoreOption
from harness.cli.run import (
    FormatOption,
    OutOption,
    choose_format,
    place_beside,
    write_report,
)

if TYPE_CHECKING:
    from harness.store import RunRecord


def leaderboard(
    store: StoreOption = DEFAULT_STORE,
    out: OutOption = None,
    report_format: FormatOption = None,
    run: Annotated[
        str | None,
        typer.Option("--run", help="Only the cells of this run; all by default."),
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", help="What the page is called.")
    ] = None,
    plugin: PluginOption = None,
) -> None:
    """Write the leaderboard of everything that a store holds."""
    from harness.api import open_store, read_results
    from harness.plugins import load_plugins

    plugins = load_plugins(plugin or ())
    place = out or place_beside(store)
    chosen_format = choose_format(plugins, report_format, place)
    with open_store(store) as opened:
        record = choose_run(opened.runs(), run, store)
        results = read_results(
            opened,
            plugins,
            record.cells if run else None,
            title=title or record.title,
            command=record.command,
        )
    write_report(plugins, chosen_format, results, place)
    typer.echo(f"leaderboard: {place}")


def choose_run(runs: list[RunRecord], wanted: str | None, store: str) -> RunRecord:
    """Return the run of an id, or the newest.

    Raises:
        UsageError: there is none; names those that are there.
    """
    from harness.errors import UsageError

    if not runs:
        raise UsageError(
            f"the store {store} holds no run: fill it with 'harness run', or name "
            "another with --store"
        )
    if wanted is None:
        return runs[-1]
    by_id = {record.id: record for record in runs}
    if wanted not in by_id:
        raise UsageError(
            f"unknown run {wanted!r} in the store {store}: it holds "
            f"{', '.join(by_id)}, the newest last"
        )
    return by_id[wanted]
