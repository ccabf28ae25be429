"""Where plugins come from: installed entry points, files and modules."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path

from harness.errors import HarnessError, PluginError, UsageError

GROUP = "harness"
CORE = Path(__file__).parents[1]
DISABLE_SWITCH = "HARNESS_DISABLE_PLUGINS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A plugin that is not yet loaded.

    Attributes:
        name: the entry point's name, the file's stem, or the module.
        owner: the distribution with its version, or the file: whom to blame.
        remedy: what to do when it fails.
        load: imports it and returns the object that has the hooks.
        distribution: the distribution's name, None for files and modules.
        version: the distribution's version.
        argument: what ``--plugin`` says, None for installed plugins.
    """

    name: str
    owner: str
    remedy: str
    load: Callable[[], object]
    distribution: str | None = None
    version: str | None = None
    argument: str | None = None

    def error(self, message: str) -> PluginError:
        """Make the error that blames this plugin."""
        return PluginError(
            f"plugin {self.name!r} of {self.owner} {message}: {self.remedy}"
        )


def installed(disabled: frozenset[str]) -> Iterator[Source]:
    """Yield the plugins of all installed distributions, by name."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name not in disabled:
            yield _installed(point)


@cache  # each look at the metadata parses all of it, long description included
def _name_and_version(distribution: Distribution | None) -> tuple[str, str]:
    if distribution is None:
        return "unknown distribution", "?"
    metadata = distribution.metadata
    return metadata["Name"], metadata["Version"]


def _installed(point: EntryPoint) -> Source:
    distribution, version = _name_and_version(point.dist)
    return Source(
        name=point.name,
        owner=f"{distribution} {version}",
        remedy=f"mend or uninstall it, or set {DISABLE_SWITCH}={point.name}",
        load=point.load,
        distribution=distribution,
        version=version,
    )


def named(text: str) -> Source:
    """Return the plugin that ``--plugin`` names.

    Args:
        text: ``my_plugin.py``, ``my_task.yaml`` or ``package.module``.

    Raises:
        PluginError: the file does not exist.
    """
    path = Path(text).expanduser()
    loaders = {".py": _load_python, ".yaml": _load_rows, ".yml": _load_rows}
    load = loaders.get(path.suffix)
    if load is None:
        return Source(
            name=text,
            owner=f"--plugin {text}",
            remedy="mend the module, or name a .py or .yaml file",
            load=lambda: importlib.import_module(text),
            argument=text,
        )
    if not path.is_file():
        raise PluginError(
            f"there is no plugin file {text!r}: name a .py file, a .yaml file of task "
            "rows, or a module"
        )
    return Source(
        name=path.stem,
        owner=text,
        remedy="correct the file",
        load=lambda: load(path.resolve()),
        argument=text,
    )


def named_once(texts: Sequence[str]) -> Iterator[Source]:
    """Yield the plugins of several ``--plugin``, each file or module once."""
    seen: set[str] = set()
    for text in texts:
        path = Path(text).expanduser()
        identity = str(path.resolve()) if path.is_file() else text
        if identity not in seen:
            seen.add(identity)
            yield named(text)


def _load_python(path: Path) -> object:
    name = f"harness_plugin_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _load_rows(path: Path) -> object:
    from harness.plugins.task_file import TaskFile  # imports pydantic, which is slow

    return TaskFile.read(path)


@contextmanager
def blaming(source: Source, doing: str) -> Iterator[None]:
    """Turn whatever a plugin raises into one error that names it.

    Args:
        source: whose code runs inside.
        doing: what fails, such as ``can't be loaded``.

    Raises:
        PluginError: the code inside raised; names plugin, owner, place and cause.
    """
    try:
        yield
    except Exception as error:  # a stranger's code may raise anything
        raise source.error(f"{doing} ({_cause(error)})") from error


def _cause(error: Exception) -> str:
    text = " ".join(str(error).split())
    if not isinstance(error, HarnessError):
        text = f"{type(error).__name__}: {text}"
    place = _place(error)
    return f"{place}: {text}" if place else text


def _place(error: Exception) -> str | None:
    """Return the file and line that raised, None for the machinery of imports."""
    if isinstance(error, SyntaxError | UsageError):
        return None  # its text names the place
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<")
        and "importlib" not in frame.filename
        and not Path(frame.filename).is_relative_to(CORE)
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
