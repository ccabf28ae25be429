"""The commands that repeat a cell or a run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from harness.plan import EvaluateCell
from harness.suite import Suite

_SINGLE = {"split", "limit", "formulation", "prompt", "device", "dtype"}
"""What a suite says once and the command line too."""


def cell_command(cell: EvaluateCell) -> str:
    """Return the short form of `harness run` that repeats one cell."""
    options = [("model", str(cell.model)), ("task", cell.task.id)]
    if cell.regime.kind != "baseline":
        options.append(("regime", cell.regime.written))
    options += [("data", cell.data), ("split", cell.split.name)]
    options += [("seed", str(cell.seed)), ("device", cell.load.device)]
    options.append(("dtype", cell.load.dtype))
    if cell.limit is not None:
        options.append(("limit", str(cell.limit)))
    if cell.formulation:
        options.append(("formulation", cell.formulation.name))
        if cell.formulation.prompt:
            options.append(("prompt", cell.formulation.prompt))
    return _command(options)


def suite_command(suite: Suite) -> str:
    """Return the short form of `harness run` that repeats a suite of plain tasks."""
    options = [("model", model) for model in suite.models]
    options += [("task", choice.id) for choice in suite.tasks]
    options += [("regime", regime) for regime in suite.regimes]
    options.append(("data", suite.data))
    options += [("seed", str(seed)) for seed in suite.seeds]
    given = suite.model_dump(include=_SINGLE, exclude_defaults=True)
    options += [(name, str(value)) for name, value in given.items()]
    options += [("plugin", plugin) for plugin in suite.plugins]
    return _command(options) + (" --skip-unavailable" if suite.skip_unavailable else "")


def _command(options: Iterable[tuple[str, str]]) -> str:
    words = [word for name, value in options for word in (f"--{name}", value)]
    return shlex.join(["harness", "run", *words])
