"""`harness plan`: what a run would do, with everything checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from harness.cli.options import DEFAULT_STORE, PluginOption, StoreOption
from harness.cli.suite_options import with_suite

if TYPE_CHECKING:
    from harness.plan import EvaluateCell, Plan
    from harness.results import CellResult
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
    from harness.plan.estimate import estimate
    from harness.plan.price import price_ceiling

    known = known_results(place)
    done = {cell.fingerprint for cell in known if cell.status == "done"}
    todo = [cell for cell in made.cells if cell.fingerprint not in done]
    headers = ["model", "task", "regime", "asked as", "seed", "examples", "status"]
    rows = [_row(cell, is_done=cell.fingerprint in done) for cell in made.cells]
    print_table(headers, rows)
    for unaskable in made.unaskable:
        where = f"{unaskable.model} · {unaskable.task.id} · {unaskable.regime}"
        typer.echo(f"can't be asked: {where}: {unaskable.reason}")
    trains = len({cell.train.fingerprint for cell in todo if cell.train})
    typer.echo(
        f"{len(rows)} evaluations, {len(todo)} to do, behind {trains} trainings, "
        f"on {made.device}"
    )
    if any(cell.card for cell in todo):
        typer.echo(str(estimate(todo, known)))
    ceiling = price_ceiling(todo)
    if ceiling is not None:
        typer.echo(
            f"at most {ceiling:.4g} at the prices given, every byte taken for a token"
        )


def known_results(place: str) -> list[CellResult]:
    """Return what the store holds; makes no store."""
    from pathlib import Path

    from harness.api import open_store

    if "://" not in place and not Path(place).exists():
        return []
    with open_store(place) as store:
        return store.results()


def _row(cell: EvaluateCell, *, is_done: bool) -> list[str]:
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
        "in the store" if is_done else "to do",
    ]
