"""`harness list`: what is registered."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import JsonOption, PluginOption

if TYPE_CHECKING:
    from harness.plugins import Plugins

Fields = dict[str, Any]
"""One line of a list: text, numbers, or sequences of text."""


def list_entries(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="plugins, tasks, models, benchmarks, recipes, metrics, formats, "
            "executors or data.",
        ),
    ],
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="Show only lines that hold this text."),
    ] = None,
    as_json: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Show what is registered, by this project and by every installed plugin."""
    from harness.errors import unknown_name
    from harness.plugins import load_plugins

    if kind not in LISTS:
        raise unknown_name("list", kind, LISTS, "harness list --help")
    lines = LISTS[kind](load_plugins(plugin or ()))
    if text:
        lines = [line for line in lines if text.lower() in _searchable(line)]
    if as_json:
        import json

        print(json.dumps(lines, indent=2, ensure_ascii=False))
    elif lines:
        _print_lines(lines)
    else:
        print(f"there are no {kind}{f' with {text!r}' * bool(text)}", file=sys.stderr)


def _print_lines(lines: list[Fields]) -> None:
    from harness.cli.table import print_table

    headers = [header for header in lines[0] if any(line[header] for line in lines)]
    print_table(
        headers, [[_cell(line[header]) for header in headers] for line in lines]
    )


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(str(part) for part in value)
    return "" if value is None else str(value)


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


def _tasks(plugins: Plugins) -> list[Fields]:
    return [
        {
            "task": task.id,
            "title": task.title,
            "problem": type(task.problem).__name__.lower(),
            "metrics": task.metrics,
            "prompts": list(task.prompts),
            "version": task.version,
            "plugin": plugins.owners["tasks", task.id],
        }
        for task in plugins.tasks.values()
    ]


def _benchmarks(plugins: Plugins) -> list[Fields]:
    return [
        {
            "benchmark": benchmark.id,
            "title": benchmark.title,
            "tasks": benchmark.tasks,
            "plugin": plugins.owners["benchmarks", benchmark.id],
        }
        for benchmark in plugins.benchmarks.values()
    ]


def _models(plugins: Plugins) -> list[Fields]:
    return [
        {
            "model": f"{entry.name}:",
            "summary": entry.summary,
            "examples": getattr(entry, "examples", (f"{entry.name}:",)),
            "options": list(entry.options),
            "plugin": plugins.owners["models", entry.name],
        }
        for entry in plugins.models.values()
    ]


def _recipes(plugins: Plugins) -> list[Fields]:
    return [
        {
            "recipe": entry.name,
            "summary": entry.summary,
            "trains": sorted(entry.trains),
            "settings": [field.name for field in dataclasses.fields(entry.settings)],
            "plugin": plugins.owners["recipes", entry.name],
        }
        for entry in plugins.recipes.values()
    ]


def _metrics(plugins: Plugins) -> list[Fields]:
    return [
        {
            "metric": entry.name,
            "summary": entry.summary,
            "options": list(entry.options),
            "plugin": plugins.owners["metrics", entry.name],
        }
        for entry in plugins.metrics.values()
    ]


def _formats(plugins: Plugins) -> list[Fields]:
    return [
        {
            "format": entry.name,
            "suffix": entry.suffix,
            "summary": entry.summary,
            "plugin": plugins.owners["formats", entry.name],
        }
        for entry in plugins.formats.values()
    ]


def _executors(plugins: Plugins) -> list[Fields]:
    return [
        {
            "executor": entry.name,
            "summary": entry.summary,
            "plugin": plugins.owners["executors", entry.name],
        }
        for entry in plugins.executors.values()
    ]


def _data(plugins: Plugins) -> list[Fields]:
    return [
        {
            "source": entry.name,
            "summary": entry.summary,
            "plugin": plugins.owners["data_sources", entry.name],
        }
        for entry in plugins.data_sources.values()
    ]


LISTS: Mapping[str, Callable[[Plugins], list[Fields]]] = {
    "plugins": _plugins,
    "tasks": _tasks,
    "models": _models,
    "benchmarks": _benchmarks,
    "recipes": _recipes,
    "metrics": _metrics,
    "formats": _formats,
    "executors": _executors,
    "data": _data,
}
"""The lists, by the word behind `harness list`."""
