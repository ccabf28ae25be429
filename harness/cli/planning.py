"""`harness plan`: what a run would do, with everything checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from harness.cli.options import DEFAULT_STORE, PluginOption, StoreOption
from harness.cli.suite_options import with_suite

if TYPE_CHECKING:
    from harness.formulations import Formulation
    from harness.plan import EvaluateCell, Plan, TrainCell
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
    places = _places(made.cells)
    rows = [
        _row(cell, place, is_done=cell.fingerprint in done)
        for cell, place in zip(made.cells, places, strict=True)
    ]
    print_table(headers, rows)
    for unaskable in made.unaskable:
        typer.echo(f"can't be asked: {unaskable.title}: {unaskable.reason}")
    print_trainings(list(made.trains), place)
    trains = len({one.fingerprint for cell in todo for one in cell.trains})
    typer.echo(
        f"{len(rows)} evaluations, {len(todo)} to do, behind {trains} trainings, "
        f"on {made.device} in {made.dtype}"
    )
    if any(cell.card for cell in todo):
        typer.echo(str(estimate(todo, known)))
    ceiling = price_ceiling(todo)
    if ceiling is not None:
        typer.echo(
            f"at most {ceiling:.4g} at the prices given, every byte taken for a token"
        )


def _places(cells: Sequence[EvaluateCell]) -> list[str]:
    """Return each cell's task, with split and data where a task has several."""
    names = [(cell.task.id, cell.split.name, cell.data) for cell in cells]
    several = Counter(task for task, _, _ in set(names))
    return [" · ".join(own) if several[own[0]] > 1 else own[0] for own in names]


def print_trainings(cells: Sequence[TrainCell], place: str) -> None:
    """Print train cells with how much each learns from and changes."""
    from harness.cli.table import print_table

    if not cells:
        return
    known = _known_trainings(place, cells)
    headers = [
        "training",
        "on",
        "how",
        "asked as",
        "seed",
        "examples",
        "steps",
        "trainable",
    ]
    rows = [_train_row(cell, known.get(cell.fingerprint)) for cell in cells]
    typer.echo("")
    print_table([*headers, "status"], rows)
    typer.echo("")


def _train_row(cell: TrainCell, report: Mapping[str, Any] | None) -> list[str]:
    from harness.plan.learning import size_of

    examples = size_of(cell)
    steps = cell.settings.steps(examples)
    trainable = report["trainable_parameters"] if report else None
    return [
        str(cell.model),
        cell.task.id,
        cell.written or cell.recipe.name,
        _way(cell.formulation),
        str(cell.seed),
        f"{examples:,} of {cell.split.size:,}",
        "unknown" if steps is None else f"{steps:,}",
        "unknown" if trainable is None else f"{trainable:,}",
        "in the store" if report else "to do",
    ]


def _known_trainings(
    place: str, cells: Sequence[TrainCell]
) -> dict[str, Mapping[str, Any]]:
    """Return the reports of what is trained already; makes no store."""
    from harness.api import open_store

    if not _is_there(place):
        return {}
    with open_store(place) as store:
        marks = [cell.fingerprint for cell in cells]
        reports = {mark: store.training(mark) for mark in marks}
    return {mark: report for mark, report in reports.items() if report}


def _is_there(place: str) -> bool:
    from pathlib import Path

    return "://" in place or Path(place).exists()


def known_results(place: str) -> list[CellResult]:
    """Return what the store holds; makes no store."""
    from harness.api import open_store

    if not _is_there(place):
        return []
    with open_store(place) as store:
        return store.results()


def _way(formulation: Formulation) -> str:
    return " ".join(filter(None, [formulation.name, formulation.prompt]))


def _row(cell: EvaluateCell, place: str, *, is_done: bool) -> list[str]:
    way = _way(cell.formulation) if cell.formulation else "predictor"
    examples = f"{cell.size:,}" + (f" of {cell.split.size:,}" * bool(cell.limit))
    regime = cell.regime.written
    return [
        str(cell.model),
        place,
        regime,
        way,
        str(cell.seed),
        examples,
        "in the store" if is_done else "to do",
    ]
