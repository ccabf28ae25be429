"""What repeats a cell, as a command, or a suite, as a Python call."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from harness.plan import EvaluateCell
from harness.suite import Suite


def cell_command(cell: EvaluateCell, plugins: Sequence[str] = ()) -> str:
    """Return the short form of `harness run` that repeats one cell.

    Args:
        cell: the cell.
        plugins: what ``--plugin`` must say.
    """
    options = [("model", str(cell.model)), ("task", cell.task.id)]
    if cell.regime.kind != "baseline":
        options.append(("regime", cell.regime.written))
    split = cell.split.name if cell.split.is_labelled else "submit"
    options += [("data", cell.data), ("split", split)]
    options += [("seed", str(cell.seed)), ("device", cell.load.device)]
    options.append(("dtype", cell.load.dtype))
    if cell.limit is not None:
        options.append(("limit", str(cell.limit)))
    if cell.max_truncated < 1:
        options.append(("max-truncated", f"{cell.max_truncated:g}"))
    if cell.formulation:
        options.append(("formulation", cell.formulation.name))
        if cell.formulation.prompt:
            options.append(("prompt", cell.formulation.prompt))
    options += [("plugin", plugin) for plugin in plugins]
    words = [word for name, value in options for word in (f"--{name}", value)]
    return shlex.join(["harness", "run", *words])


def suite_call(suite: Suite) -> str:
    """Return the Python call that repeats a suite, with all that was set."""
    given = suite.model_dump(exclude_unset=True)
    given["tasks"] = [
        task["id"] if list(task) == ["id"] else task for task in given["tasks"]
    ]
    arguments = ", ".join(f"{name}={value!r}" for name, value in given.items())
    return f"harness.run({arguments})"
