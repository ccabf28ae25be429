"""`harness train`: from plain text to a checkpoint, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from harness import ranks
from harness.data import open_source
from harness.data.texts import Texts, read_texts
from harness.errors import DataError, UsageError
from harness.holding import empty, held
from harness.measure import environment, peak_memory_bytes, start_peak_memory
from harness.model import LoadSettings, ModelCard, ModelEntry, ModelName
from harness.plan import fingerprint, precision
from harness.plan.settings import parse_settings
from harness.plugins import Plugins
from harness.pretrain_announcer import PretrainAnnouncer
from harness.pretraining import (
    EpochFigures,
    ObjectiveEntry,
    PretrainJob,
    PretrainReport,
)
from harness.trainer import publish

RECORD = "harness_training.json"
"""The file in a checkpoint that says how it was trained."""

NEW, RUN, CHECKPOINT = "new", "run", "checkpoint"
"""In the hidden folder: a model from scratch before it is trained, what a killed run
goes on from, and the checkpoint until it is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainOrder:
    """What `harness train` is asked for.

    Attributes:
        model: the model's name, of a family alone (``bert:``) from scratch.
        sizes: how large a model from scratch is, by name; None for a checkpoint.
        data: the data source of the text.
        objective: its name; the model's first where None.
        settings: the objective's settings as written.
        out: the folder to make.
        hold_out: the share of the text that is only measured.
        seed: seeds all that is drawn.
        load: device and precision.
        overwrite: whether a folder that is there is replaced.
        command: what repeats it, for the record.
    """

    model: ModelName
    sizes: Mapping[str, str] | None
    data: str
    objective: str | None
    settings: Mapping[str, str] = field(default_factory=dict)
    out: Path
    hold_out: float
    seed: int
    load: LoadSettings
    overwrite: bool = False
    command: str = ""


class Listener(NamedTuple):
    """Who is told what the event hooks do not tell."""

    on_text: Callable[[str], None]
    on_epoch: Callable[[EpochFigures], None]


class Pretrained(NamedTuple):
    """The checkpoint that was made, and how it went."""

    model: ModelName
    objective: str
    report: PretrainReport


class _Base(NamedTuple):
    """What training starts from."""

    entry: ModelEntry
    name: ModelName
    card: ModelCard


def pretrain(order: PretrainOrder, plugins: Plugins, listener: Listener) -> Pretrained:
    """Train a model on plain text and write its checkpoint.

    The checkpoint appears in its place when it is whole; what is needed to go on after
    a kill is in a hidden folder beside it, until then.

    Raises:
        HarnessError: the order, the text or the model won't do.
    """
    entry = _entry(order, plugins)
    _check_place(order)
    named = None if order.objective is None else plugins.objective(order.objective)
    if named is not None:
        _settings(named, order)
    known = None if order.sizes is not None else _describe(entry, order.model)
    if known is not None:
        _choose(order, known, named, plugins)
    texts = read_texts(open_source(order.data, plugins.data_sources))
    listener.on_text(_told(texts))
    identity = _identity(order, texts, known)
    scratch = order.out.parent / f".{order.out.name}-{identity[:16]}"
    with ExitStack() as stack:
        try:
            with ranks.together():
                if ranks.is_first():
                    stack.enter_context(held(scratch))
                    _clear(scratch)
                    _write_new(entry, order, texts, scratch)
            base = known or _new_base(entry, scratch)
            objective = _choose(order, base, named, plugins)
            announce = PretrainAnnouncer(
                plugins.hook if ranks.is_first() else None,
                fingerprint=identity,
                title=f"train {order.out.name}",
                command=order.command,
                on_epoch=listener.on_epoch,
            )
            report = _train(order, base, objective, texts, scratch, announce)
        except (DataError, UsageError):  # the same order would be refused again
            empty(scratch)
            raise
    made = ModelName(adapter=order.model.adapter, checkpoint=str(order.out))
    return Pretrained(made, objective.name, report)


def _train(
    order: PretrainOrder,
    base: _Base,
    objective: ObjectiveEntry,
    texts: Texts,
    scratch: Path,
    announce: PretrainAnnouncer,
) -> PretrainReport:
    """Train, tell of it, and put the checkpoint in its place."""
    settings = objective.resolve(_settings(objective, order), base.card)
    entry, folder = base.entry, scratch / CHECKPOINT
    start_peak_memory(order.load.device)
    job = PretrainJob(
        model=entry.load(base.name, order.load),
        texts=texts.documents,
        hold_out=order.hold_out,
        settings=settings,
        seed=order.seed,
        load=order.load,
        folder=folder,
        scratch=scratch / RUN,
        on_step=announce.step,
        on_epoch=announce.epoch,
    )
    with announce.training(_facts(job, order, objective)):
        report = objective.run(job)
        with ranks.together():
            if ranks.is_first():
                _record(job, order, objective, texts, report)
                publish(folder, order.out)
                empty(scratch)
    return report


def _facts(
    job: PretrainJob, order: PretrainOrder, objective: ObjectiveEntry
) -> dict[str, str]:
    """Return what the training is made of, for trackers."""
    settings = {name: str(value) for name, value in asdict(job.settings).items()}
    return settings | {
        "model": str(order.model),
        "data": order.data,
        "objective": objective.name,
        "regime": f"train:{objective.name}",
        "seed": str(order.seed),
    }


def _entry(order: PretrainOrder, plugins: Plugins) -> ModelEntry:
    entry = plugins.model(order.model)
    families = [
        name
        for name, one in plugins.models.items()
        if isinstance(one, ModelEntry) and one.new is not None
    ]
    if isinstance(entry, ModelEntry) and (entry.new or order.sizes is None):
        return entry
    what = "be made from scratch" if order.sizes is not None else "learn from text"
    raise UsageError(
        f"{entry.name} models can't {what}: choose {' or '.join(sorted(families))}"
    )


def _describe(entry: ModelEntry, name: ModelName) -> _Base:
    return _Base(entry, name, entry.describe(name))


def _check_place(order: PretrainOrder) -> None:
    """Refuse a place that holds something else, or that is not to be overwritten."""
    out = order.out
    if not out.exists():
        return
    if not (out / RECORD).is_file():
        raise UsageError(
            f"{out} exists and was not made by 'harness train' (it has no {RECORD}): "
            "name another folder with --out"
        )
    if not order.overwrite:
        raise UsageError(
            f"{out} exists: name another folder with --out, or replace it with "
            "--overwrite"
        )


def _choose(
    order: PretrainOrder, base: _Base, named: ObjectiveEntry | None, plugins: Plugins
) -> ObjectiveEntry:
    """Return the objective that was named, or the first that the model can do.

    Raises:
        UsageError: the model can't do it, or none.
    """
    able = [
        one for one in plugins.objectives.values() if one.needs in base.card.pretrains
    ]
    if named in able:
        return named
    if named is None and able:
        return able[0]
    names = " or ".join(one.name for one in able) or "none"
    wanted = "learn from text" if named is None else f"be trained by {named.name!r}"
    raise UsageError(
        f"{order.model} can't {wanted}, its objectives are {names}: choose one of "
        "these, or another model ('harness list objectives' shows all)"
    )


def _settings(objective: ObjectiveEntry, order: PretrainOrder) -> Any:  # noqa: ANN401
    return parse_settings(
        objective.settings,
        order.settings,
        owner=f"objective {objective.name}",
        listing="harness list objectives",
        remedy="correct --objective",
    )


def _clear(scratch: Path) -> None:
    """Make the hidden folder, and empty the place of the checkpoint in it."""
    shutil.rmtree(scratch / CHECKPOINT, ignore_errors=True)
    for name in (CHECKPOINT, RUN):
        (scratch / name).mkdir(parents=True, exist_ok=True)


def _write_new(
    entry: ModelEntry, order: PretrainOrder, texts: Texts, scratch: Path
) -> None:
    """Write a model from scratch where one is asked for.

    A killed run may have written it; config.json comes last.
    """
    new, folder = entry.new, scratch / NEW
    if new is None or order.sizes is None or (folder / "config.json").is_file():
        return
    sizes = parse_settings(
        new.settings,
        order.sizes,
        owner=f"a new {entry.name} model",
        listing="harness train --help",
        remedy="correct --from-scratch",
    )
    new.write(sizes, texts.documents, order.seed, folder)


def _new_base(entry: ModelEntry, scratch: Path) -> _Base:
    """Return the model from scratch, with its family's learning rate for such."""
    name = ModelName(adapter=entry.name, checkpoint=str(scratch / NEW))
    card = entry.describe(name)
    rate = entry.new.learning_rate if entry.new else None
    return _Base(entry, name, replace(card, suggested_learning_rate=rate))


def _identity(order: PretrainOrder, texts: Texts, known: _Base | None) -> str:
    """Identify this very order by all that changes what comes of it."""
    return fingerprint(
        model=order.model.adapter if known is None else known.card.fingerprint,
        sizes=order.sizes,
        objective=order.objective,
        settings=order.settings,
        text=texts.content_hash,
        hold_out=order.hold_out,
        seed=order.seed,
        **precision(order.load),
    )


def _told(texts: Texts) -> str:
    count = len(texts.documents)
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts.documents)
    return f"{texts.origin}: {count:,} texts, {size:,} bytes"


def _record(
    job: PretrainJob,
    order: PretrainOrder,
    objective: ObjectiveEntry,
    texts: Texts,
    report: PretrainReport,
) -> None:
    """Write how the checkpoint was trained into its folder."""
    said = {
        "model": str(order.model),
        "sizes": order.sizes,
        "objective": objective.name,
        "settings": asdict(job.settings),
        "seed": order.seed,
        "hold_out": order.hold_out,
        "data": {"origin": texts.origin, "content_hash": texts.content_hash},
        "command": order.command,
        "environment": environment(order.load.device),
        "peak_memory_bytes": peak_memory_bytes(order.load.device),
        **asdict(report),
    }
    text = json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (job.folder / RECORD).write_text(text, encoding="utf-8")
