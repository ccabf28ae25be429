"""The model card: what a model scored, and how it came to be.

Its metadata are those of the Hub's model cards, scores as ``model-index``
(https://huggingface.co/docs/hub/model-cards); huggingface_hub writes the YAML.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.export.choice import Exported, regime_of
from harness.model import ModelCard
from harness.results import CellResult, CellScore
from harness.task import Task

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

_PIPELINES = {
    "classify": "text-classification",
    "regress": "text-classification",
    "choose": "multiple-choice",
    "extract": "question-answering",
    "tag": "token-classification",
}
"""What the Hub calls a head; other models generate text."""
_VERSIONS = ("nlp-harness", "torch", "transformers", "tokenizers", "python", "device")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card tells.

    Attributes:
        exported: the model with its results.
        known: what its adapter knows of it.
        tasks: the tasks of the results that are registered, by id.
        base: the base model's name, where the folder holds an adapter or was merged.
        is_adapter: whether the folder holds an adapter alone.
        title: the folder's name.
    """

    exported: Exported
    known: ModelCard
    tasks: Mapping[str, Task]
    base: str | None
    is_adapter: bool
    title: str


def write_card(path: Path, card: Card) -> None:
    """Write the card as a README.md with metadata."""
    text = f"---\n{_metadata(card).to_yaml()}\n---\n\n" + "\n".join(_body(card))
    path.write_text(text + "\n", encoding="utf-8")


def _metadata(card: Card) -> ModelCardData:
    from huggingface_hub import ModelCardData  # slow to import

    return ModelCardData(
        license="unknown",
        library_name="peft" if card.is_adapter else "transformers",
        pipeline_tag=_pipeline(card),
        tags=["nlp-harness"],
        base_model=_hub_base(card),
        datasets=_data_sets(card) or None,
        model_name=card.title,
        eval_results=list(_results(card)) or None,
    )


def _pipeline(card: Card) -> str:
    head = card.known.head
    return _PIPELINES.get(head.kind, "text-generation") if head else "text-generation"


def _hub_base(card: Card) -> str | None:
    """Return the base model where it is one of the Hub, which alone can be named."""
    base = card.base or _trained_from(card)
    is_hub = (
        base is not None and base.count("/") == 1 and not base.startswith((".", "~"))
    )
    return base if is_hub and base and not Path(base).exists() else None


def _trained_from(card: Card) -> str | None:
    """Return the checkpoint that training began with."""
    for cell in card.exported.cells:
        if "checkpoint" in cell.provenance:
            return cell.model.partition(":")[2].partition(",")[0]
    return None


def _data_sets(card: Card) -> list[str]:
    hubs = (task.data.hub for task in card.tasks.values())
    return sorted({hub.path for hub in hubs if hub is not None})


def _results(card: Card) -> Iterator[EvalResult]:
    from huggingface_hub import EvalResult

    for cell in card.exported.cells:
        task = card.tasks.get(cell.task)
        hub = task.data.hub if task else None
        for score in cell.scores:
            if not math.isfinite(score.value):
                continue
            yield EvalResult(
                task_type=_pipeline(card),
                dataset_type=hub.path if hub else cell.task,
                dataset_name=cell.task_title,
                dataset_config=hub.config if hub else None,
                dataset_split=cell.split,
                dataset_revision=hub.revision if hub else None,
                dataset_args=_part(cell),
                metric_type=score.metric.partition(",")[0],
                metric_name=score.metric,
                metric_value=score.value,
                metric_args={"signature": score.signature},
            )


def _part(cell: CellResult) -> dict[str, object] | None:
    """Return how many examples a score is of, where that is a part of the split."""
    caveats = cell.caveats
    if not caveats.is_partial:
        return None
    return {"examples": caveats.limit, "of": caveats.split_size}


def _body(card: Card) -> Iterator[str]:
    yield f"# {card.title}"
    yield ""
    yield from _origin(card)
    yield from _scores(card)
    yield from _training(card)
    yield "## Licence"
    yield ""
    yield (
        "Not known to the program that wrote this card. The licences of the base model "
        "and of the training data decide; name one before you pass the model on."
    )


def _origin(card: Card) -> Iterator[str]:
    adapter = card.exported.name.adapter
    if card.is_adapter:
        yield f"An adapter for `{card.base}`, to be loaded with peft, or as"
        yield f"`{adapter}:{card.base}+FOLDER` with nlp-harness."
    else:
        yield "A model in Hugging Face format, to be loaded with transformers, or as"
        yield f"`{adapter}:FOLDER` with nlp-harness."
    yield ""
    if card.known.parameters:
        yield f"{card.known.parameters:,} parameters."
        yield ""


def _scores(card: Card) -> Iterator[str]:
    yield "## Scores"
    yield ""
    if not card.exported.cells:
        yield "None is stored."
        yield ""
        return
    yield "| task | split | metric | score | 95 % interval | n | seed |"
    yield "|:--|:--|:--|--:|:--|--:|--:|"
    for cell in card.exported.cells:
        yield from (_line(cell, score) for score in cell.scores)
    yield ""
    for cell in card.exported.cells:
        yield from (f"- {cell.task}: {caveat}" for caveat in _caveats(cell))
    yield ""


def _line(cell: CellResult, score: CellScore) -> str:
    ends = [end for end in (score.low, score.high) if end is not None]
    interval = " to ".join(f"{end * score.scale:.2f}" for end in ends)
    value = score.value * score.scale
    written = f"{value:.2f}" if math.isfinite(value) else "undefined"
    signature = score.signature.replace("|", "\\|")  # a bar ends a table's cell
    parts = (cell.task, cell.split, f"`{signature}`", written, interval)
    return f"| {' | '.join(parts)} | {score.units} | {cell.seed} |"


def _caveats(cell: CellResult) -> Iterator[str]:
    caveats = cell.caveats
    if caveats.is_partial:
        yield f"only {caveats.limit} of {caveats.split_size} examples were evaluated"
    if caveats.is_sample:
        yield "measured on generated sample data, which says nothing about models"
    if caveats.selected_on_evaluated:
        yield "trained or chosen on the evaluated split: too good to be true"
    if caveats.collapsed:
        yield "collapsed: no better than the majority baseline"
    if caveats.truncated:
        yield f"{caveats.truncated} inputs were cut to fit the model"


def _training(card: Card) -> Iterator[str]:
    trained = [c for c in card.exported.cells if "checkpoint" in c.provenance]
    if not trained:
        return
    cell, facts = trained[0], trained[0].provenance
    yield "## Training"
    yield ""
    told = {
        "base model": f"`{cell.model}`",
        "base weights": f"`{facts.get('base_weights', '')}`",
        "regime": f"`{regime_of(cell)}`",
        "settings": facts.get("settings", ""),
        "seed": str(cell.seed),
        "data": facts.get("trained_on", ""),
        "data hash": f"`{facts.get('trained_on_hash', '')}`",
        "selected on": facts.get("selected_on", ""),
        "date": facts.get("date", ""),
        "versions": ", ".join(
            f"{name} {facts[name]}" for name in _VERSIONS if name in facts
        ),
        "command": f"`{facts.get('command', '')}`",
    }
    yield from (
        f"- {name}: {value}" for name, value in told.items() if value.strip("`")
    )
    yield ""
