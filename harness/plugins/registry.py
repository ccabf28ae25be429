"""The plugins: all that is registered, by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import pluggy

from harness import hookspecs
from harness.collecting import uncollected
from harness.data import DataSourceEntry
from harness.errors import PluginError, UsageError, unknown_name
from harness.executors import ExecutorEntry
from harness.metric import Metric, MetricEntry
from harness.model import ModelEntry, ModelName, PredictorEntry
from harness.official import OfficialScorer
from harness.plugins.checks import KINDS, SCORERS, check_hook_names, collect
from harness.plugins.sources import (
    DISABLE_SWITCH,
    Source,
    blaming,
    installed,
    named_once,
)
from harness.pretraining import ObjectiveEntry
from harness.recipe import RecipeEntry
from harness.results import ReportFormat
from harness.task import Benchmark, Task, matches, parse_spec
from harness.tracker import TrackerEntry

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """One loaded plugin.

    Attributes:
        name: the entry point's name, the file's stem, or the module.
        distribution: the distribution that brings it, None for ``--plugin``.
        version: the distribution's version.
        origin: the file that its code stands in.
        hooks: the hooks that it implements.
        argument: what ``--plugin`` says, None for installed plugins.
    """

    name: str
    distribution: str | None
    version: str | None
    origin: str
    hooks: tuple[str, ...]
    argument: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """All that is registered.

    Attributes:
        owners: the plugin that registered an entry, by field and name, such as
            ``owners["tasks", "glue/sst2"]``.
        infos: the loaded plugins, in order of loading.
        manager: pluggy's own; registers listeners and calls hooks.
        load_scorers: collects the official scorers, which few commands need.
    """

    tasks: Mapping[str, Task]
    benchmarks: Mapping[str, Benchmark]
    models: Mapping[str, ModelEntry | PredictorEntry]
    recipes: Mapping[str, RecipeEntry]
    objectives: Mapping[str, ObjectiveEntry]
    metrics: Mapping[str, MetricEntry]
    formats: Mapping[str, ReportFormat]
    executors: Mapping[str, ExecutorEntry]
    data_sources: Mapping[str, DataSourceEntry]
    trackers: Mapping[str, TrackerEntry]
    owners: Mapping[tuple[str, str], str]
    infos: tuple[PluginInfo, ...]
    manager: pluggy.PluginManager
    load_scorers: Callable[[], Mapping[str, OfficialScorer]]

    @property
    def hook(self) -> pluggy.HookRelay:
        """Calls a hook of every plugin: ``hook.harness_run_started(...)``."""
        return self.manager.hook

    @property
    def arguments(self) -> list[str]:
        """What ``--plugin`` must say for all of them to load again."""
        return [info.argument for info in self.infos if info.argument is not None]

    def listen(self, listener: object) -> None:
        """Let an object with event-hooks hear of runs."""
        self.manager.register(listener)

    @contextmanager
    def tracking(self, trackers: Sequence[str]) -> Iterator[None]:
        """Let trackers listen for a while.

        Raises:
            UsageError: one of them is unknown, or can't be used.
        """
        listeners = [self.tracker(text) for text in trackers]
        for listener in listeners:
            self.manager.register(listener)
        try:
            yield
        finally:
            for listener in listeners:
                self.manager.unregister(listener)

    def task(self, task_id: str) -> Task:
        """Return the task of an id.

        Raises:
            UsageError: there is none; names the nearest.
        """
        return _get("task", task_id, self.tasks, "tasks")

    def find_tasks(self, prefix: str) -> list[Task]:
        """Return the task of an id, or all below a prefix, in order of registration.

        Raises:
            UsageError: there is none; names the nearest.
        """
        found = [task for task in self.tasks.values() if matches(prefix, task.id)]
        if not found:
            suites = {task_id.partition("/")[0] for task_id in self.tasks}
            known = suites.union(self.tasks)
            raise unknown_name("task", prefix, known, "harness list tasks")
        return found

    def benchmark(self, benchmark_id: str) -> Benchmark:
        """Return the benchmark of an id.

        Raises:
            UsageError: there is none; names the nearest.
        """
        return _get("benchmark", benchmark_id, self.benchmarks, "benchmarks")

    def model(self, name: ModelName) -> ModelEntry | PredictorEntry:
        """Return the entry that serves a model's name.

        Raises:
            UsageError: no plugin has such an adapter, or it has no such option.
        """
        entry = _get("model adapter", name.adapter, self.models, "models")
        _check_options(f"model {str(name)!r}", name.options, entry.options)
        return entry

    def recipe(self, name: str) -> RecipeEntry:
        """Return the recipe of a name.

        Raises:
            UsageError: there is none; names the nearest.
        """
        return _get("recipe", name, self.recipes, "recipes")

    def objective(self, name: str) -> ObjectiveEntry:
        """Return the pre-training objective of a name.

        Raises:
            UsageError: there is none; names the nearest.
        """
        return _get("objective", name, self.objectives, "objectives")

    def metric(self, spec: str, labels: Sequence[str] = ()) -> Metric:
        """Make a metric from its name with options.

        Args:
            spec: such as ``f1,positive=equivalent``.
            labels: the task's label names, in order.

        Raises:
            UsageError: there is no such metric or option, or it is malformed.
        """
        try:
            name, options = parse_spec(spec)
        except ValueError as error:
            raise UsageError(
                f"metric {spec!r}: {error}: write name,option=value"
            ) from error
        entry = _get("metric", name, self.metrics, "metrics")
        _check_options(f"metric {spec!r}", options, entry.options)
        return entry.make(tuple(labels), options)

    def format(self, name: str) -> ReportFormat:
        """Return the report format of a name.

        Raises:
            UsageError: there is none; names the nearest.
        """
        return _get("report format", name, self.formats, "formats")

    def tracker(self, text: str) -> object:
        """Make a tracker's listener, such as of ``tensorboard:runs/board``.

        Raises:
            UsageError: there is none of that name, or it can't be used there.
        """
        name, _, place = text.partition(":")
        entry = _get("tracker", name, self.trackers, "trackers")
        if not place:
            raise UsageError(
                f"the tracker {text!r} names no place, expected {entry.place}: write "
                f"{name}:{entry.place}"
            )
        return entry.make(place)

    def executor(self, name: str) -> ExecutorEntry:
        """Return the executor of a name.

        Raises:
            UsageError: there is none; names the nearest.
        """
        return _get("executor", name, self.executors, "executors")


@uncollected()
def load_plugins(
    extra: Sequence[str] = (),
    *,
    entry_points: bool = True,
    disabled: frozenset[str] | None = None,
) -> Plugins:
    """Load all plugins and check what they register.

    Args:
        extra: what ``--plugin`` names: files of Python or YAML, or modules.
        entry_points: whether installed plugins are loaded.
        disabled: names of installed plugins to leave out, by default those in the
            environment variable ``HARNESS_DISABLE_PLUGINS``, comma separated.

    Raises:
        PluginError: a plugin can't be loaded or breaks its contract; names it.
        UsageError: a file of task rows is wrong; names line and key.
    """
    if disabled is None:
        listed = os.environ.get(DISABLE_SWITCH, "").split(",")
        disabled = frozenset(name.strip() for name in listed if name.strip())
    sources = [*(installed(disabled) if entry_points else ()), *named_once(extra)]
    manager = pluggy.PluginManager("harness")
    manager.add_hookspecs(hookspecs)
    by_name: dict[str, Source] = {}
    for source in sources:
        _register(manager, source, by_name)
    manager.check_pending()
    return _assemble(manager, by_name)


def _register(
    manager: pluggy.PluginManager, source: Source, by_name: dict[str, Source]
) -> None:
    if source.name in by_name:
        raise source.error(
            f"has the name of a plugin of {by_name[source.name].owner}, and a name "
            "is taken once"
        )
    with blaming(source, "can't be loaded"):
        plugin = source.load()
    check_hook_names(manager, plugin, source)
    try:
        manager.register(plugin, name=source.name)
    except (pluggy.PluginValidationError, ValueError) as error:
        cause = " ".join(str(error).split())
        raise source.error(f"can't be registered ({cause})") from error
    by_name[source.name] = source


def _assemble(manager: pluggy.PluginManager, sources: Mapping[str, Source]) -> Plugins:
    registries: dict[str, Any] = {}
    owners: dict[tuple[str, str], str] = {}
    for field, kind in KINDS.items():
        registry: dict[str, object] = {}
        for name, entry, source in collect(kind, manager, sources):
            registry[name] = entry
            owners[field, name] = source.name
        registries[field] = MappingProxyType(registry)
    plugins = Plugins(
        **registries,
        owners=MappingProxyType(owners),
        infos=tuple(_info(manager, source) for source in sources.values()),
        manager=manager,
        load_scorers=partial(_load_scorers, manager, sources),
    )
    _check_references(plugins, sources)
    return plugins


def _load_scorers(
    manager: pluggy.PluginManager, sources: Mapping[str, Source]
) -> Mapping[str, Any]:
    return {name: entry for name, entry, _ in collect(SCORERS, manager, sources)}


def _info(manager: pluggy.PluginManager, source: Source) -> PluginInfo:
    plugin = manager.get_plugin(source.name)
    callers = manager.get_hookcallers(plugin) or []
    return PluginInfo(
        name=source.name,
        distribution=source.distribution,
        version=source.version,
        origin=str(getattr(plugin, "__file__", source.owner)),
        hooks=tuple(sorted(caller.name for caller in callers)),
        argument=source.argument,
    )


def _check_references(plugins: Plugins, sources: Mapping[str, Source]) -> None:
    """Refuse tasks and benchmarks that name tasks which nobody registered."""
    for task in plugins.tasks.values():
        if task.training_task not in plugins.tasks:
            source = sources[plugins.owners["tasks", task.id]]
            raise _dangling(source, f"task {task.id!r}", task.training_task, plugins)
    for benchmark in plugins.benchmarks.values():
        source = sources[plugins.owners["benchmarks", benchmark.id]]
        grouped = (task_id for group in benchmark.groups for task_id in group)
        for task_id in (*benchmark.tasks, *grouped):
            if task_id not in plugins.tasks:
                noun = f"benchmark {benchmark.id!r}"
                raise _dangling(source, noun, task_id, plugins)


def _dangling(source: Source, noun: str, task_id: str, plugins: Plugins) -> PluginError:
    error = unknown_name("task", task_id, plugins.tasks, "harness list tasks")
    return source.error(f"has the {noun}, which names an {error}")


def _get(noun: str, name: str, known: Mapping[str, Entry], listing: str) -> Entry:
    if name not in known:
        raise unknown_name(noun, name, known, f"harness list {listing}")
    return known[name]


def _check_options(
    noun: str, options: Mapping[str, str], known: Mapping[str, str]
) -> None:
    for option in options:
        if option not in known:
            expected = ", ".join(known) or "none"
            raise UsageError(
                f"{noun} has the unknown option {option!r}, expected one of "
                f"{expected}: correct or remove it"
            )
