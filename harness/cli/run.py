"""`harness run`: run a suite and write its leaderboard."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness import ranks
from harness.cli.options import DEFAULT_STORE, PluginOption, StoreOption
from harness.cli.planning import print_plan
from harness.cli.suite_options import with_suite

if TYPE_CHECKING:
    from harness.api import Outcome
    from harness.plan import Plan
    from harness.plugins import Plugins
    from harness.results import CellResult, Results
    from harness.suite import Suite

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Where the leaderboard goes; leaderboard.html beside the store by default.",
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", help="html, csv, markdown or json; by --out's suffix by default."
    ),
]
EPILOG = """\
Examples:

  harness run --model bert:tiny --model majority: --task glue
  --regime finetune:full --data sample

  harness run suite.yaml --limit 100 --dry-run
"""


@with_suite
def run(
    suite: Suite,
    store: StoreOption = DEFAULT_STORE,
    out: OutOption = None,
    report_format: FormatOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and show the plan, and stop.")
    ] = False,
    plugin: PluginOption = None,
) -> None:
    """Run models on tasks, keep the results, and write the leaderboard.

    What the store already holds is not run again. Exit code 0: all cells are done;
    1: some cell failed; 2: wrong use.
    """
    from harness.plan.planner import make_plan
    from harness.plugins import load_plugins

    plugins = load_plugins([*suite.plugins, *(plugin or ())])
    place = out or place_beside(store)
    chosen_format = choose_format(plugins, report_format, place)
    made = make_plan(suite, plugins)
    if dry_run:
        print_plan(made, store)
        return
    if not ranks.is_first():
        _follow(made, store)
        return
    outcome = _carry_out(made, plugins, store)
    write_report(plugins, chosen_format, outcome.results, place)
    _sum_up(outcome, place)


def place_beside(store: str) -> Path:
    """Return the leaderboard's place beside a store."""
    parent = Path("runs") if "://" in store else Path(store).parent
    return parent / "leaderboard.html"


def choose_format(plugins: Plugins, name: str | None, place: Path) -> str:
    """Return the report format that was named, or that the file's suffix means.

    Raises:
        UsageError: there is none of that name or suffix.
    """
    from harness.errors import UsageError

    if name:
        return plugins.format(name).name
    for entry in plugins.formats.values():
        if entry.suffix == place.suffix:
            return entry.name
    known = ", ".join(entry.suffix for entry in plugins.formats.values())
    raise UsageError(
        f"{place} has no suffix of a report format, expected one of {known}: rename "
        "it, or name the format with --format"
    )


def write_report(
    plugins: Plugins, report_format: str, results: Results, place: Path
) -> None:
    """Write a report, whole or not at all.

    Raises:
        UsageError: the place can't be written.
    """
    from harness.collecting import uncollected
    from harness.errors import UsageError

    with uncollected():  # the page's libraries are imported
        text = plugins.format(report_format).render(results)
    scratch = place.with_name(f".{place.name}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(place)
    except OSError as error:
        raise UsageError(
            f"{place} can't be written ({error}): name another file with --out; the "
            "results are in the store, and 'harness leaderboard' writes them"
        ) from error


def _follow(made: Plan, store: str) -> None:
    from harness.api import checkpoints_of
    from harness.trainer import follow

    with ranks.joined():
        follow(made.trains, checkpoints_of(store))


def _carry_out(made: Plan, plugins: Plugins, store: str) -> Outcome:
    from rich.console import Console

    from harness.api import carry_out
    from harness.progress import LiveProgress, listener

    progress = listener(Console(stderr=True))
    plugins.listen(progress)
    command = shlex.join(["harness", *sys.argv[1:]])
    try:
        return carry_out(made, plugins, store, command)
    finally:
        if isinstance(progress, LiveProgress):
            progress.stop()


PADDED = 0.2
"""Share of padding from which a run advises against it."""


def waste(cells: Sequence[CellResult]) -> Iterator[str]:
    """Say where much of what was computed was padding, and what helps, in a line."""
    told = [(cell.cost.padding or 0.0, cell) for cell in cells]
    padded = [pair for pair in told if pair[0] >= PADDED]
    if padded:
        share, worst = max(padded, key=lambda pair: pair[0])
        yield (
            f"{len(padded)} with much padding, most {worst.model} on {worst.task}: "
            f"{share:.0%} of the positions computed held no token; a smaller "
            "batch_tokens pads less, and adapters that pack sequences pad nothing"
        )


def losses(cells: Sequence[CellResult]) -> Iterator[str]:
    """Say what did not fit the models and what collapsed, in a line each."""
    from harness.ledger import told

    cut = [cell for cell in cells if cell.caveats.truncated]
    if cut:
        worst = max(cut, key=lambda cell: cell.caveats.truncated / asked_of(cell))
        yield (
            f"{len(cut)} with cut inputs, most {worst.model} on {worst.task}: "
            f"{told(worst.caveats, asked_of(worst))}"
        )
    collapsed = [cell for cell in cells if cell.caveats.collapsed]
    if collapsed:
        yield (
            f"{len(collapsed)} collapsed, no better than the majority baseline, such "
            f"as {collapsed[0].model} on {collapsed[0].task}, seed {collapsed[0].seed}"
        )
    dropped = [cell for cell in cells if cell.caveats.dropped_shots]
    if dropped:
        worst = max(dropped, key=lambda cell: cell.caveats.dropped_shots)
        yield (
            f"{len(dropped)} with dropped exemplars, most {worst.model} on "
            f"{worst.task}: {worst.caveats.dropped_exemplars:,} from "
            f"{worst.caveats.dropped_shots:,} examples"
        )


def asked_of(cell: CellResult) -> int:
    """Return how many examples a cell was asked about, 1 at least."""
    caveats = cell.caveats
    limit = caveats.limit if caveats.is_partial else caveats.split_size
    return max(limit or 0, 1)


def _sum_up(outcome: Outcome, place: Path) -> None:
    ended = outcome.finished
    counts = {
        "done": ended.done,
        "in the store already": ended.cached,
        "failed": ended.failed,
        "blocked": ended.blocked,
    }
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    typer.echo(f"{words or 'no cells'} in {ended.seconds:.0f} s")
    for line in (*losses(outcome.results.cells), *waste(outcome.results.cells)):
        typer.echo(line)
    asked_in_vain = [cell for cell in outcome.results.cells if not cell.metrics_column]
    if asked_in_vain:
        example = asked_in_vain[0]
        typer.echo(
            f"{len(asked_in_vain)} could not be asked, such as {example.model} on "
            f"{example.task}: {example.reason}"
        )
    typer.echo(f"leaderboard: {place}")
    if ended.failed or ended.blocked:
        raise typer.Exit(1)
