"""`harness plan`: what a run would do, with everything checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from harness.cli.options import DEFAULT_STORE, PluginOption, StoreOption
from harness.cli.suite_options import with_suite

if TYPE_CHECKING:
    from harness.plan import EvaluateCell, Plan
    from harness.suite import Suite


@with_suite
def plan(
    suite: Suite,
    store: StoreOption = DEFAULT_STORE,
    plugin: PluginOption = None,
) -> None:
    """Check a suite and show its cells, without loading any weights."""
    from harness.plan.planner import make_plan
    from harness.plugins import load_plugins

    plugins = load_plugins([*suite.plugins, *(plugin or ())])
    print_plan(make_plan(suite, plugins), store)


def print_plan(made: Plan, place: str) -> None:
    """Print a plan's cells, what the store holds of them, and what can't be asked."""
    from harness.cli.table import print_table

    statuses = known_statuses(made, place)
    rows = [_row(cell, statuses.get(cell.fingerprint, "to do")) for cell in made.cells]
    headers = ["model", "task", "regime", "asked as", "seed", "examples", "status"]
    print_table(headers, rows)
    for unaskable in made.unaskable:
        where = f"{unaskable.model} · {unaskable.task.id} · {unaskable.regime}"
        typer.echo(f"can't be asked: {where}: {unaskable.reason}")
    trains = sum(1 for _ in made.trains)
    todo = sum(status != "done" for *_, status in rows)
    typer.echo(
        f"{len(rows)} evaluations, {todo} to do, behind {trains} trainings, "
        f"on {made.device}"
    )


def known_statuses(made: Plan, place: str) -> dict[str, str]:
    """Return the status of the cells that the store has; makes no store."""
    from pathlib import Path

    from harness.store import Store

    if "://" not in place and not Path(place).exists():
        return {}
    store = Store(place)
    try:
        return store.statuses(made.fingerprints)
    finally:
        store.close()


def _row(cell: EvaluateCell, status: str) -> list[str]:
    asked = cell.formulation
    way = " ".join(filter(None, [asked.name, asked.prompt])) if asked else "predictor"
    examples = f"{cell.size:,}" + (f" of {cell.split.size:,}" * bool(cell.limit))
    regime = cell.regime.written
    return [
        str(cell.model),
        cell.task.id,
        regime,
        way,
        str(cell.seed),
        examples,
        status,
    ]
