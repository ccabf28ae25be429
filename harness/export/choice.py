"""What is exported: a model by its name, or the checkpoint behind a stored result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import UsageError
from harness.model import ModelName
from harness.results import CellResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A model with what is known of it.

    Attributes:
        name: the model, such as ``bert:runs/checkpoints/0a1b``.
        cells: its results, those of its own training task first.
    """

    name: ModelName
    cells: tuple[CellResult, ...] = ()


def choose_model(name: ModelName, cells: Sequence[CellResult]) -> Exported:
    """Return a model of that name with the results that are its own.

    Args:
        name: the model to export.
        cells: all that is stored.
    """
    own = [cell for cell in cells if _is_of(cell, name)]
    return Exported(name=name, cells=tuple(cell for cell in own if cell.is_scored))


def choose_trained(
    cells: Sequence[CellResult],
    *,
    task: str,
    model: str | None = None,
    regime: str | None = None,
    seed: int | None = None,
) -> Exported:
    """Return the checkpoint that was trained for a task, with all its results.

    Args:
        cells: all that is stored of a run.
        task: the id of a task that it was evaluated on.
        model: the base model; needed where there are several.
        regime: the regime with its settings; needed where there are several.
        seed: the seed; needed where there are several.

    Raises:
        UsageError: there is none, or several could be meant; names them.
    """
    trained = [
        cell
        for cell in cells
        if "checkpoint" in cell.provenance and cell.status == "done"
    ]
    wanted = {"model": model, "regime": regime, "seed": seed}
    fitting = [cell for cell in trained if cell.task == task and _fits(cell, wanted)]
    folders = {cell.provenance["checkpoint"] for cell in fitting}
    if not folders:
        have = sorted({cell.task for cell in trained})
        raise UsageError(
            f"the run holds no checkpoint trained for {_said(task, wanted)}, expected "
            f"one of the tasks {', '.join(have) or '(none)'}: correct the task or the "
            "options, or name another run with --run"
        )
    if len(folders) > 1:
        choices = "; ".join(sorted({_title(cell) for cell in fitting}))
        raise UsageError(
            f"the run holds {len(folders)} checkpoints trained for "
            f"{_said(task, wanted)} ({choices}): choose one with MODEL, --regime and "
            "--seed"
        )
    (checkpoint,) = folders
    name = replace(ModelName.parse(fitting[0].model), checkpoint=checkpoint)
    found = choose_model(name, trained).cells
    first = sorted(found, key=lambda cell: cell.task != task)
    return Exported(name=name, cells=tuple(first))


def regime_of(cell: CellResult) -> str:
    """Return a cell's regime with its settings, as the command line takes it."""
    settings = cell.row[2]
    return f"{cell.regime},{settings}" if settings else cell.regime


def _is_of(cell: CellResult, name: ModelName) -> bool:
    if "checkpoint" not in cell.provenance:
        return cell.model == str(name)
    return _place(cell.provenance["checkpoint"]) == _place(name.checkpoint)


def _place(checkpoint: str) -> str:
    path = Path(checkpoint).expanduser()
    return str(path.resolve()) if checkpoint and path.is_dir() else checkpoint


def _fits(cell: CellResult, wanted: Mapping[str, object]) -> bool:
    have = {"model": cell.model, "regime": regime_of(cell), "seed": cell.seed}
    return all(
        have[name] == value for name, value in wanted.items() if value is not None
    )


def _said(task: str, wanted: Mapping[str, object]) -> str:
    parts = [f"{name} {value}" for name, value in wanted.items() if value is not None]
    return ", ".join([task, *parts])


def _title(cell: CellResult) -> str:
    prompt = [cell.prompt] if cell.prompt else []
    return " ".join([cell.model, regime_of(cell), *prompt, f"seed {cell.seed}"])
