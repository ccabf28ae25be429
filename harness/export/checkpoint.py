"""Write a model as a Hugging Face folder, with its card."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.appearing import appearing, refuse_existing
from harness.errors import UsageError
from harness.export.card import Card, write_card
from harness.export.choice import Exported
from harness.model import (
    Head,
    LoadSettings,
    ModelCard,
    ModelEntry,
    ModelName,
    Trainable,
)
from harness.plugins import Plugins
from harness.task import Task

LANGUAGE = "language"


def export_checkpoint(
    exported: Exported, out: Path, plugins: Plugins, *, merge: bool = False
) -> ModelCard:
    """Write a folder that transformers (or peft, for an adapter) loads.

    A folder's files are copied as they are. What is no folder, such as a model on the
    Hub or with an adapter merged into it, is loaded and saved in fp32.

    Args:
        exported: the model with its results.
        out: appears only when it is whole; must not exist.
        plugins: the adapters, and the tasks that the card tells of.
        merge: write an adapter together with its base, as one model.

    Returns:
        What is known of the model.

    Raises:
        UsageError: `out` is there already, or the model can't be written.
        CheckpointError: the checkpoint can't be used.
    """
    refuse_existing(out)
    name = exported.name
    entry = plugins.model(name)
    if not isinstance(entry, ModelEntry):
        raise UsageError(f"{name} is a baseline without weights: name another model")
    card = entry.describe(name)
    base, folder = split_adapter(name.checkpoint)
    if merge and base is None:
        raise UsageError(
            f"{name} has no adapter to merge, expected base+adapter: leave --merge out"
        )
    with appearing(out) as made:
        if folder is not None and not merge:
            shutil.copytree(folder, made, dirs_exist_ok=True)
        else:
            _save(entry, name, card, made, is_merged=merge)
        about = Card(
            exported=exported,
            known=card,
            tasks=_tasks(exported, plugins.tasks),
            base=base,
            is_adapter=base is not None and not merge,
            title=out.resolve().name,
        )
        write_card(made / "README.md", about)
    return card


def split_adapter(checkpoint: str) -> tuple[str | None, Path | None]:
    """Return the base of a ``base+adapter`` name, and the folder that holds the files.

    The base is None for a model without an adapter, the folder where there is none.
    """
    whole = Path(checkpoint).expanduser()
    if checkpoint and whole.is_dir():
        return None, whole
    base, plus, behind = checkpoint.rpartition("+")
    adapter = Path(behind).expanduser()
    if plus and adapter.is_dir():
        return base, adapter
    return None, None


def _save(
    entry: ModelEntry,
    name: ModelName,
    card: ModelCard,
    folder: Path,
    *,
    is_merged: bool,
) -> None:
    """Load a model and write it whole.

    Raises:
        UsageError: it can't be written.
    """
    model = entry.load(name, LoadSettings())
    if not isinstance(model, Trainable):
        raise UsageError(
            f"{name} can't be written: its adapter {entry.name} only asks it, so copy "
            "the checkpoint's own folder"
        )
    if card.head is None and not is_merged:
        if LANGUAGE not in card.trainable:
            raise UsageError(
                f"{name} has no head to write: fine-tune it first, or copy the "
                "checkpoint's own folder"
            )
        model.prepare(Head(kind=LANGUAGE), seed=1)
    model.save(folder)


def _tasks(exported: Exported, known: Mapping[str, Task]) -> dict[str, Task]:
    return {
        cell.task: known[cell.task] for cell in exported.cells if cell.task in known
    }
