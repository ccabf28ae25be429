"""`harness check tasks`: whether tasks, their prompts and their data are sound."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import DataOption, JsonOption, PluginOption
from harness.cli.table import aligned, print_table

if TYPE_CHECKING:
    from harness.lint import Check

EPILOG = """\b
Examples:
  harness check tasks                           every task, on its sample
  harness check tasks superglue --data ../data
"""

_HEADERS = ("task", "verdict", "checks")


def check_tasks(
    prefixes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PREFIX]...", help="Task ids or prefixes; all by default."
        ),
    ] = None,
    data: DataOption = "sample",
    json_output: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Look at every task for what would spoil a score, without any model.

    Right answers must be reachable in every formulation and perfect predictions
    score the best there is; prompts must hold no placeholder and tell inputs apart;
    the simplest baseline must not be perfect; empty inputs, duplicates and examples
    that stand in the training split too are counted. The exit code is 1 where a
    check fails; a note is nothing wrong that a reader should know.
    """
    from harness.cli.waiting import waiting
    from harness.lint import check_one
    from harness.plan.split_reader import SplitReader
    from harness.plugins import load_plugins

    plugins = load_plugins(plugin or ())
    chosen = [plugins.find_tasks(prefix) for prefix in prefixes or ()]
    tasks = [task for found in chosen for task in found] or [*plugins.tasks.values()]
    found: dict[str, list[Check]] = {}
    ids = [task.id for task in tasks]
    if not json_output:
        _print_row(ids, *_HEADERS)
    with waiting("checking tasks") as tell:
        for number, task in enumerate(tasks, start=1):
            tell(f"{number} of {len(tasks)}: {task.id}")
            splits = SplitReader(plugins.data_sources)
            own = found[task.id] = check_one(task, plugins, splits, data)
            if not json_output:
                _print_row(ids, task.id, _verdict(own), str(len(own)))
    if json_output:
        print(
            json.dumps({name: [asdict(c) for c in own] for name, own in found.items()})
        )
    else:
        _print_found(found)
    if any(check.status == "FAIL" for own in found.values() for check in own):
        sys.exit(1)


def _print_row(ids: Sequence[str], *cells: str) -> None:
    """Print a line of the table of tasks as soon as it is known."""
    widths = [max(map(len, (*ids, _HEADERS[0]))), *map(len, _HEADERS[1:])]
    print(aligned(cells, widths), flush=True)


def _print_found(found: Mapping[str, Sequence[Check]]) -> None:
    """Print what failed or is to be known, and how many tasks are sound."""
    for status in ("FAIL", "note"):
        lines = [
            (task, check.name, check.text)
            for task, own in found.items()
            for check in own
            if check.status == status
        ]
        if lines:
            print(f"\n{status}:")
            print_table(("task", "check", "found"), lines)
    counts = Counter(_verdict(own) for own in found.values())
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    print(f"\n{len(found)} tasks: {told}")


def _verdict(own: Sequence[Check]) -> str:
    found = {check.status for check in own}
    return next((status for status in ("FAIL", "note") if status in found), "ok")
