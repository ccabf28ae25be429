"""The Python call: run a suite and get its results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import ranks
from harness.collecting import uncollected
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.events import RunFinished
    from harness.plan import Plan
    from harness.plugins import Plugins
    from harness.results import Results
    from harness.store import Store
    from harness.suite import Suite

DEFAULT_STORE = "runs/store.sqlite"


class Outcome(NamedTuple):
    """What came of a run: how its cells ended, and their results."""

    finished: RunFinished
    results: Results


def run(
    models: Sequence[str],
    tasks: Sequence[str | Mapping[str, Any]],
    *,
    regimes: Sequence[str] = ("zero-shot",),
    store: str | Path = DEFAULT_STORE,
    **settings: Any,  # noqa: ANN401 # checked against Suite
) -> Results:
    """Run models on tasks and return the results.

    What the store already holds is not run again.

    Args:
        models: model names, such as ``bert:tiny`` or ``majority:``.
        tasks: task ids or prefixes, such as ``glue``, or a task with settings of its
            own, such as ``{"id": "glue/rte", "limit": 100}``.
        regimes: ``zero-shot``, ``few-shot:5`` or ``finetune:full,epochs=2``.
        store: a file for SQLite, or a SQLAlchemy URL.
        **settings: anything else that a suite may say: ``data``, ``seeds``,
            ``limit``, ``device``, ``dtype``, ``plugins``, ...

    Raises:
        HarnessError: a name, a file or a setting is wrong.
    """
    from harness.plugins import load_plugins
    from harness.suite import make_suite

    suite = make_suite(
        {"models": _listed(models), "tasks": _listed(tasks)}
        | {"regimes": _listed(regimes), **settings}
    )
    return run_suite(suite, load_plugins(suite.plugins), str(store)).results


def _listed(values: Sequence[object]) -> object:
    """Return a list; a single text stays one, for the suite's check to refuse."""
    return values if isinstance(values, str) else list(values)


def run_suite(suite: Suite, plugins: Plugins, store: str) -> Outcome:
    """Plan and carry out a suite."""
    from harness.commands import suite_call
    from harness.plan.planner import make_plan

    plan = make_plan(suite, plugins)
    return carry_out(plan, plugins, store, suite_call(suite))


def carry_out(plan: Plan, plugins: Plugins, place: str, command: str) -> Outcome:
    """Carry out a plan and read its results from the store.

    Args:
        plan: what to do.
        plugins: what to do it with, and who listens.
        place: a file for SQLite, or a SQLAlchemy URL.
        command: what repeats the run.

    Raises:
        UsageError: this is not the first of several processes.
    """
    with uncollected():
        from harness.execution import Execution

    if not ranks.is_first():
        raise UsageError(
            f"this is process {ranks.rank()} (from 0) of {ranks.world_size()}, and only "
            "the first carries out a plan: start several with 'torchrun -m harness run'"
        )

    with _opened(place) as store:
        execution = Execution(
            plan=plan,
            plugins=plugins,
            store=store,
            checkpoints=checkpoints_of(place),
            command=command,
        )
        with plugins.tracking(plan.track):
            finished = execution.run(plugins.executor("in-process"))
        found = read_results(
            store, plugins, plan.fingerprints, title=plan.title, command=command
        )
    return Outcome(finished, found)


def open_store(place: str) -> AbstractContextManager[Store]:
    """Open a store that exists, to read it.

    Raises:
        UsageError: there is none.
    """
    if "://" not in place and not Path(place).is_file():
        raise UsageError(
            f"there is no store at {place}: make one with 'harness run', or name "
            "another with --store"
        )
    return _opened(place)


@contextmanager
def _opened(place: str) -> Iterator[Store]:
    from harness.store import Store

    store = Store(place)
    try:
        yield store
    finally:
        store.close()


def read_results(
    store: Store,
    plugins: Plugins,
    fingerprints: Sequence[str] | None,
    *,
    title: str,
    command: str,
) -> Results:
    """Read cells from a store, with the benchmarks that they belong to."""
    from harness.drift import with_drift
    from harness.results import Results

    cells = store.results(fingerprints)
    if any(cell.is_inexact for cell in cells):
        cells = with_drift(cells, store.results(), store.predictions)
    tasks = {cell.task for cell in cells}
    return Results(
        cells=cells,
        benchmarks=[b for b in plugins.benchmarks.values() if tasks & set(b.tasks)],
        title=title,
        generated=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
    )


def checkpoints_of(place: str) -> Path:
    """Return the folder of a store's checkpoints: beside the file, or in ``runs``."""
    parent = Path("runs") if "://" in place else Path(place).parent
    return parent / "checkpoints"
