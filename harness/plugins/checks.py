"""What is checked at the door: hook names, what hooks return, who owns a name."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pluggy import PluginManager

from harness.data import DataSourceEntry
from harness.executors import ExecutorEntry
from harness.metric import MetricEntry
from harness.model import ModelEntry, PredictorEntry
from harness.official import OfficialScorer
from harness.plugins.sources import Source, blaming
from harness.pretraining import ObjectiveEntry
from harness.recipe import RecipeEntry
from harness.results import ReportFormat
from harness.task import Benchmark, Task
from harness.tracker import TrackerEntry


class Kind(NamedTuple):
    """What one return-hook registers.

    Attributes:
        hook: the hook's name.
        noun: what messages call an entry.
        types: what the hook may return a sequence of.
        key: the attribute that holds an entry's name.
    """

    hook: str
    noun: str
    types: tuple[type, ...]
    key: str = "name"


KINDS = {
    "tasks": Kind("harness_tasks", "task", (Task,), "id"),
    "benchmarks": Kind("harness_benchmarks", "benchmark", (Benchmark,), "id"),
    "models": Kind("harness_models", "model adapter", (ModelEntry, PredictorEntry)),
    "recipes": Kind("harness_recipes", "recipe", (RecipeEntry,)),
    "objectives": Kind("harness_objectives", "objective", (ObjectiveEntry,)),
    "metrics": Kind("harness_metrics", "metric", (MetricEntry,)),
    "formats": Kind("harness_report_formats", "report format", (ReportFormat,)),
    "executors": Kind("harness_executors", "executor", (ExecutorEntry,)),
    "trackers": Kind("harness_trackers", "tracker", (TrackerEntry,)),
    "data_sources": Kind("harness_data_sources", "data source", (DataSourceEntry,)),
}
"""The registries, by the name of their field in `harness.plugins.Plugins`."""

SCORERS = Kind("harness_official_scorers", "official scorer", (OfficialScorer,), "id")
"""Collected when they are asked for, since their plugins import what few runs need."""


def check_hook_names(manager: PluginManager, plugin: object, source: Source) -> None:
    """Refuse functions that look like hooks and are none.

    Raises:
        PluginError: a decorated function has the name of no hook, or a function
            named ``harness_...`` is not decorated.
    """
    hooks = [name for name in vars(manager.hook) if name.startswith("harness_")]
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is None and not _looks_like_a_hook(plugin, name):
            continue
        hook = (options and options.get("specname")) or name
        if hook not in hooks:
            near = difflib.get_close_matches(hook, hooks, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise source.error(
                f"has the function {hook}, which is no hook ({hint}the hooks are "
                f"{', '.join(sorted(hooks))})"
            )
        if options is None:
            raise source.error(f"has the hook {hook} without the decorator @hookimpl")


def _looks_like_a_hook(plugin: object, name: str) -> bool:
    if not name.startswith("harness_"):
        return False
    return inspect.isroutine(inspect.getattr_static(plugin, name))


def collect(
    kind: Kind, manager: PluginManager, sources: Mapping[str, Source]
) -> Iterator[tuple[str, object, Source]]:
    """Yield every entry of a kind with its name and its plugin, in order of loading.

    Raises:
        PluginError: a hook raises, returns something else than a sequence of the
            kind's entries, or two entries have one name.
    """
    owners: dict[str, Source] = {}
    # pluggy calls the last registered first; names are listed in order of loading.
    for implementation in getattr(manager.hook, kind.hook).get_hookimpls():
        source = sources[implementation.plugin_name]
        with blaming(source, f"fails in {kind.hook}"):
            returned = implementation.function()
        for entry in _entries(kind, returned, source):
            name = str(getattr(entry, kind.key))
            if name in owners:
                raise _registered_twice(kind, name, owners[name], source)
            owners[name] = source
            yield name, entry, source


def _entries(kind: Kind, returned: object, source: Source) -> Sequence[object]:
    expected = " or ".join(entry_type.__name__ for entry_type in kind.types)
    if not isinstance(returned, Sequence) or isinstance(returned, str):
        raise source.error(
            f"returns {type(returned).__name__} from {kind.hook}, expected a list of "
            f"{expected}"
        )
    for entry in returned:
        if not isinstance(entry, kind.types):
            raise source.error(
                f"returns a list with {entry!r:.60} from {kind.hook}, expected "
                f"{expected}"
            )
    return returned


def _registered_twice(
    kind: Kind, name: str, first: Source, second: Source
) -> Exception:
    if first is second:
        return second.error(f"registers the {kind.noun} {name!r} twice")
    return second.error(
        f"registers the {kind.noun} {name!r}, which plugin {first.name!r} of "
        f"{first.owner} has registered already"
    )
