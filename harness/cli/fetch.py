"""`harness fetch`: bring data and weights here, so that runs go offline."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from harness.cli.options import DataOption, JsonOption, PluginOption
from harness.cli.table import print_table

if TYPE_CHECKING:
    from harness.fetch import Brought, Wanted
    from harness.plugins import Plugins
    from harness.suite import Suite
    from harness.task import Task

EPILOG = """\b
Examples:
  harness fetch glue --out data --model hub:HuggingFaceTB/SmolLM2-135M
  harness fetch suite.yaml
  HF_HUB_OFFLINE=1 harness run suite.yaml --data data
"""


def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SUITE|BENCHMARK|TASK]...",
            help="A suite file, a benchmark, a task id, or a prefix such as squad.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="Bring its weights too; repeatable."),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The data folder, for --data.")
    ] = Path("data"),
    data: DataOption = "hub",
    json_output: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Bring all splits of tasks to a data folder, and weights to their cache.

    A manifest with SHA-256 stands beside the data. The same command again verifies
    what is there and loads what is missing or damaged. What the source does not have
    is listed. Exit code 1: something could not be loaded, or nothing is there.
    """
    from harness.cli.waiting import waiting
    from harness.errors import UsageError
    from harness.fetch import fetch_data, fetch_models, wanted_files
    from harness.manifest import Manifest
    from harness.plugins import load_plugins

    names = names or []
    if not names and not model:
        raise UsageError(
            "nothing to fetch: name a suite, a benchmark or a task, or a model with "
            "--model"
        )
    suites = [_read(name) for name in names if _is_suite(name)]
    listed = [path for suite in suites for path in suite.plugins]
    plugins = load_plugins([*listed, *(plugin or ())])
    asked = _choose(plugins, names, suites, model or ())
    wanted = wanted_files(plugins, asked.tasks)
    if data.partition(":")[0] == "hub":
        _check_room(wanted, out, is_told=not json_output)
    with waiting("fetching") as tell:
        brought = list(fetch_data(plugins, wanted, data, out, tell))
        brought += fetch_models(plugins, asked.models, Manifest.read(out))
    if json_output:
        print(json.dumps([asdict(one) for one in brought], indent=2))
    else:
        _print(brought, out)
    is_failed = any(one.status == "failed" for one in brought)
    if is_failed or not any(one.is_here for one in brought):
        raise typer.Exit(1)


def _check_room(wanted: Sequence[Wanted], out: Path, *, is_told: bool) -> None:
    """Say how much there is to load, or that it will not fit."""
    from harness.fetch import check_space, needed_bytes
    from harness.manifest import Manifest

    need = needed_bytes(wanted, Manifest.read(out))
    check_space(need, out)
    if need and is_told:
        print(f"at most {need / 1e6:.1f} MB to load")


class _Asked(NamedTuple):
    tasks: list[Task]
    models: list[str]


def _is_suite(name: str) -> bool:
    return Path(name).suffix in (".yaml", ".yml")


def _read(name: str) -> Suite:
    from harness.suite import load_suite

    return load_suite(Path(name))


def _choose(
    plugins: Plugins,
    names: Sequence[str],
    suites: Sequence[Suite],
    models: Sequence[str],
) -> _Asked:
    """Return the tasks and models that were named, each once."""
    ids = [choice.id for suite in suites for choice in suite.tasks]
    tasks = [task for name in ids for task in plugins.find_tasks(name)]
    for name in names:
        if name in plugins.benchmarks:
            tasks += [plugins.task(each) for each in plugins.benchmarks[name].tasks]
        elif not _is_suite(name):
            tasks += plugins.find_tasks(name)
    found = [*(name for suite in suites for name in suite.models), *models]
    return _Asked(
        list({task.id: task for task in tasks}.values()), list(dict.fromkeys(found))
    )


def _print(brought: Sequence[Brought], out: Path) -> None:
    there = [one for one in brought if one.is_here]
    if there:
        rows = [(one.name, one.status, one.text) for one in there]
        print_table(("file or model", "", ""), rows)
    for status in ("missing", "failed"):
        for line in _reasons([one for one in brought if one.status == status]):
            print(f"{status}: {line}")
    counts = Counter(one.status for one in brought)
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    if there:
        print(f"to run offline: HF_HUB_OFFLINE=1 harness run ... --data {out}")


def _reasons(brought: Sequence[Brought]) -> Iterator[str]:
    """Yield each reason once, with the files that it holds for."""
    names: dict[str, list[str]] = {}
    for one in brought:
        names.setdefault(one.text, []).append(one.name)
    for reason, found in names.items():
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield f"{found[0]}{more}: {reason}"
