"""`harness list`: what is registered."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import JsonOption, PluginOption
from harness.cli.table import print_block, print_table
from harness.cli.task_list import print_tasks

if TYPE_CHECKING:
    from harness.data import DataSourceEntry
    from harness.executors import ExecutorEntry
    from harness.metric import MetricEntry
    from harness.model import ModelEntry, PredictorEntry
    from harness.plugins import Plugins
    from harness.pretraining import ObjectiveEntry
    from harness.recipe import RecipeEntry
    from harness.results import ReportFormat
    from harness.task import Benchmark, Task
    from harness.tracker import TrackerEntry

Fields = dict[str, Any]
"""One line of a list: text, numbers, or sequences of text."""
_SHOWN = 3  # of a long sequence; --json has all


def list_entries(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="plugins, tasks, models, benchmarks, recipes, objectives, metrics, "
            "formats, executors, trackers or data.",
        ),
    ],
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="TEXT",
            help="Show only what is named so or lies below it, such as wmt/wmt23, or "
            "else all that holds this text. One alone is shown with all its fields.",
        ),
    ] = None,
    as_json: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Show what is registered, by this project and by every installed plugin.

    Tasks are a line each with the first metric that counts; many variants of one name
    are one line.
    """
    from harness.errors import unknown_name
    from harness.plugins import load_plugins

    if kind not in LISTS:
        raise unknown_name("list", kind, LISTS, "harness list --help")
    lines = LISTS[kind](load_plugins(plugin or ()))
    if text:
        lines = _matching(lines, text.lower())
    if as_json:
        import json

        print(json.dumps(lines, indent=2, ensure_ascii=False))
    elif len(lines) == 1 and text:
        print_block([*lines[0]], [_cell(value) for value in lines[0].values()])
    elif lines and kind == "tasks":
        print_tasks(lines, is_filtered=bool(text))
    elif lines:
        _print_lines(lines)
    else:
        print(f"there are no {kind}{f' with {text!r}' * bool(text)}", file=sys.stderr)


def _print_lines(lines: list[Fields]) -> None:
    headers = [header for header in lines[0] if any(line[header] for line in lines)]
    print_table(
        headers,
        [[_short(header, line[header]) for header in headers] for line in lines],
    )


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(str(part) for part in value)
    return "" if value is None else str(value)


def _short(header: str, value: object) -> str:
    """Return a cell, with the first of many tasks alone."""
    if (
        header == "tasks"
        and isinstance(value, list | tuple)
        and len(value) > _SHOWN + 1
    ):
        return f"{_cell(value[:_SHOWN])} and {len(value) - _SHOWN} more"
    return _cell(value)


def _matching(lines: list[Fields], text: str) -> list[Fields]:
    """Return what has this name or lies below it, or else every line that holds it."""
    below = f"{text.rstrip('/')}/"
    names = [f"{_cell(next(iter(line.values())))}/".lower() for line in lines]
    named = [
        line for name, line in zip(names, lines, strict=True) if name.startswith(below)
    ]
    return named or [line for line in lines if text in _searchable(line)]


def _searchable(line: Fields) -> str:
    return " ".join(_cell(value) for value in line.values()).lower()


def _plugins(plugins: Plugins) -> list[Fields]:
    return [
        {
            "name": info.name,
            "distribution": info.distribution,
            "version": info.version,
            "hooks": [hook.removeprefix("harness_") for hook in info.hooks],
            "origin": info.origin,
        }
        for info in plugins.infos
    ]


def _task(task: Task) -> Fields:
    return {
        "task": task.id,
        "title": task.title,
        "summary": task.summary,
        "problem": type(task.problem).__name__.lower(),
        "metrics": task.metrics,
        "headline": task.headline_metrics,
        "prompts": list(task.prompts),
        "version": task.version,
    }


def _benchmark(benchmark: Benchmark) -> Fields:
    return {
        "benchmark": benchmark.id,
        "title": benchmark.title,
        "tasks": benchmark.tasks,
    }


def _model(entry: ModelEntry | PredictorEntry) -> Fields:
    return {
        "model": f"{entry.name}:",
        "summary": entry.summary,
        "examples": getattr(entry, "examples", (f"{entry.name}:",)),
        "options": list(entry.options),
    }


def _recipe(entry: RecipeEntry) -> Fields:
    return {
        "recipe": entry.name,
        "summary": entry.summary,
        "trains": sorted(entry.trains),
        "saves": entry.saves,
        "settings": [field.name for field in dataclasses.fields(entry.settings)],
    }


def _objective(entry: ObjectiveEntry) -> Fields:
    return {
        "objective": entry.name,
        "summary": entry.summary,
        "needs": entry.needs,
        "settings": [field.name for field in dataclasses.fields(entry.settings)],
    }


def _metric(entry: MetricEntry) -> Fields:
    return {
        "metric": entry.name,
        "summary": entry.summary,
        "options": list(entry.options),
    }


def _format(entry: ReportFormat) -> Fields:
    return {"format": entry.name, "suffix": entry.suffix, "summary": entry.summary}


def _executor(entry: ExecutorEntry) -> Fields:
    return {"executor": entry.name, "summary": entry.summary}


def _tracker(entry: TrackerEntry) -> Fields:
    return {"tracker": f"{entry.name}:{entry.place}", "summary": entry.summary}


def _source(entry: DataSourceEntry) -> Fields:
    return {"source": entry.name, "summary": entry.summary}


def _registered(
    field: str, describe: Callable[[Any], Fields]
) -> Callable[[Plugins], list[Fields]]:
    """List a registry, each entry with the plugin that owns it."""

    def lines(plugins: Plugins) -> list[Fields]:
        return [
            describe(entry) | {"plugin": plugins.owners[field, name]}
            for name, entry in getattr(plugins, field).items()
        ]

    return lines


LISTS: Mapping[str, Callable[[Plugins], list[Fields]]] = {
    "plugins": _plugins,
    "tasks": _registered("tasks", _task),
    "models": _registered("models", _model),
    "benchmarks": _registered("benchmarks", _benchmark),
    "recipes": _registered("recipes", _recipe),
    "objectives": _registered("objectives", _objective),
    "metrics": _registered("metrics", _metric),
    "formats": _registered("formats", _format),
    "executors": _registered("executors", _executor),
    "trackers": _registered("trackers", _tracker),
    "data": _registered("data_sources", _source),
}
"""The lists, by the word behind `harness list`."""
