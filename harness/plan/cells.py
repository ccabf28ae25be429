"""The cells of a plan: what each is made of, and what identifies it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from harness.data import Split, draw_exemplars, draw_for_each
from harness.formulations import ExemplarsOf, Formulation, no_exemplars
from harness.model import (
    LoadSettings,
    ModelCard,
    ModelEntry,
    ModelName,
    Precision,
    PredictorEntry,
)
from harness.recipe import RecipeEntry, effective
from harness.regime import Regime
from harness.task import Example, Task

LIMIT_SEED = 1
"""Seeds the sample of `--limit`: one for all cells, so that models meet the same
examples."""


def fingerprint(**parts: Any) -> str:  # noqa: ANN401 # anything that JSON can hold
    """Return a cell's identity: SHA-256 over the canonical JSON of what defines it."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def precision(load: LoadSettings) -> dict[str, str]:
    """Return what of the load settings can change an answer."""
    return {"dtype": load.dtype, "device": load.device.partition(":")[0]}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainCell:
    """Base weights, data, recipe and seed that make a checkpoint.

    Attributes:
        model: the base model.
        entry: the adapter that serves it.
        card: what is known of the base model.
        task: the task whose training split is used.
        split: the training split.
        selection: the split to select on; None where that is a slice of `split`, or
            where nothing is selected.
        formulation: says what is trained on.
        recipe: how.
        settings: an instance of the recipe's settings class.
        seed: seeds the head, the order and the dropout.
        load: device and precision.
        written: the regime as the suite writes it; no part of the identity.
    """

    model: ModelName
    entry: ModelEntry
    card: ModelCard
    task: Task
    split: Split
    selection: Split | None = None
    formulation: Formulation
    recipe: RecipeEntry
    settings: Any
    seed: int
    load: LoadSettings
    written: str = ""

    @property
    def fingerprint(self) -> str:
        """The cell's identity; names the checkpoint's folder."""
        return fingerprint(
            kind="train",
            model=self.card.fingerprint,
            task=f"{self.task.id}@{self.task.version}",
            data=self.split.content_hash,
            selection=self.selection.content_hash if self.selection else None,
            formulation=self.formulation.name,
            prompt=self.formulation.prompt,
            recipe=self.recipe.name,
            settings=effective(self.settings),
            seed=self.seed,
            **precision(self.load),
        )

    @property
    def title(self) -> str:
        """The cell in words."""
        how = self.written or self.recipe.name
        parts = (self.task.id, how, self.formulation.prompt, f"seed {self.seed}")
        return _joined(f"train {self.model}", *parts)

    @property
    def facts(self) -> dict[str, str]:
        """What it is made of, for trackers."""
        settings = {
            name: str(value) for name, value in effective(self.settings).items()
        }
        return settings | {
            "model": str(self.model),
            "task": self.task.id,
            "regime": self.written or self.recipe.name,
            "seed": str(self.seed),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateCell:
    """A model on a task in a regime with a seed.

    Attributes:
        model: the model, or the base model of `train`.
        entry: the adapter or baseline that serves it.
        card: what is known of the model; None for baselines.
        train: the cell that makes the checkpoint to evaluate, if any.
        candidates: the cells that one is chosen from when all are trained, `train`
            among them; empty where nothing is to be chosen.
        task: the task.
        split: the split to evaluate.
        train_split: where exemplars and a baseline's targets come from.
        formulation: how the task is asked; None for baselines.
        metrics: the signatures of the task's metrics, without n.
        regime: zero-shot, few-shot, finetune or baseline.
        seed: seeds exemplars and random baselines.
        limit: how many examples, fewer than the split holds; None for all.
        max_truncated: the share of inputs that may be cut before the cell fails; no
            part of its identity, as it changes no score.
        load: device and precision.
        data: the data source as written.
    """

    model: ModelName
    entry: ModelEntry | PredictorEntry
    card: ModelCard | None
    train: TrainCell | None
    candidates: tuple[TrainCell, ...] = ()
    task: Task
    split: Split
    train_split: Split | None
    formulation: Formulation | None
    metrics: tuple[str, ...]
    regime: Regime
    seed: int
    limit: int | None
    max_truncated: float = 1.0
    load: LoadSettings
    data: str

    @property
    def fingerprint(self) -> str:
        """The cell's identity: all that changes its result, and its row's name."""
        weights = self.card.fingerprint if self.card else None
        asked = self.formulation
        return fingerprint(
            kind="evaluate",
            name=str(self.model),
            model=self._trained or weights,
            task=f"{self.task.id}@{self.task.version}",
            split=self.split.name,
            data=self.split.content_hash,
            metrics=self.metrics,
            headline=self.task.headline_metrics,
            formulation=asked.name if asked else None,
            prompt=asked.prompt if asked else None,
            regime=self.regime.written,
            exemplars=self.train_split.content_hash if self.train_split else None,
            seed=None if self.regime.kind == "zero-shot" else self.seed,
            limit=self.limit,
            **(precision(self.load) if self.card else {}),
        )

    @property
    def title(self) -> str:
        """The cell in words: what is usual is left out."""
        is_usual = self.split.name == self.task.data.evaluate
        return _joined(
            str(self.model),
            self.task.id,
            None if is_usual else self.split.name,
            self.regime.written,
            self.formulation.prompt if self.formulation else None,
            f"limit {self.limit}" if self.limit else None,
            f"seed {self.seed}",
        )

    @property
    def trains(self) -> tuple[TrainCell, ...]:
        """The train cells that it waits for."""
        return self.candidates or ((self.train,) if self.train else ())

    @property
    def _trained(self) -> str | list[str]:
        """Identify what is trained for it, whichever is chosen."""
        marks = [cell.fingerprint for cell in self.trains]
        return marks if self.candidates else "".join(marks)

    @property
    def facts(self) -> dict[str, str]:
        """What it is made of, for trackers."""
        return {
            "model": str(self.model),
            "task": self.task.id,
            "regime": self.regime.written,
            "seed": str(self.seed),
        }

    @property
    def is_selected_on_evaluated(self) -> bool:
        """Whether the evaluated examples trained or chose the checkpoint."""
        if self.train is None:
            return False
        seen = [self.train.split, self.train.selection]
        return self.split.content_hash in [one.content_hash for one in seen if one]

    @property
    def size(self) -> int:
        """How many examples are evaluated."""
        return self.limit or self.split.size

    def examples(self) -> list[Example]:
        """Return the examples that are evaluated, in order."""
        if self.limit is not None:
            return self.split.sample(self.limit, LIMIT_SEED)
        return list(self.split)

    def exemplars(self, asked: Sequence[Example]) -> ExemplarsOf:
        """Return what tells the exemplars that stand before an example's question.

        Args:
            asked: the examples that are asked about.
        """
        if self.train_split is None or not self.regime.shots:
            return no_exemplars
        drawn = self._draw(self.train_split, asked)
        shown = {shot.id: shot for shots in drawn.values() for shot in shots}
        if not all(map(self._can_show, shown.values())):
            pool = [example for example in self.train_split if self._can_show(example)]
            drawn = self._draw(pool, asked)
        return lambda example: drawn[example.id]

    def _draw(
        self, training: Iterable[Example], asked: Sequence[Example]
    ) -> dict[str, list[Example]]:
        """Return the exemplars of every example that is asked about, by its id."""
        shots, ids = self.regime.shots, [example.id for example in asked]
        if self.regime.draws_each:
            pool = list(training)
            return draw_for_each(pool, self.split, shots, self.seed, wanted={*ids})
        return dict.fromkeys(ids, draw_exemplars(training, shots, self.seed))

    def _can_show(self, shot: Example) -> bool:
        """Tell whether an example shows an answer: some have none to be written."""
        return self.formulation is None or bool(self.formulation.target(shot))


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unaskable:
    """A model, task and regime that can't be brought together, with the reason.

    Attributes:
        model: the model.
        task: the task.
        regime: the regime.
        reason: why they can't.
        formulation: the formulation that the suite names, if it does.
        prompt: the prompt that the suite names, if it does.
    """

    model: ModelName
    task: Task
    regime: Regime
    reason: str
    formulation: str | None = None
    prompt: str | None = None

    @property
    def fingerprint(self) -> str:
        """Identify what was asked in vain, whatever the reason."""
        return _unaskable(self, self.formulation, self.prompt)

    @property
    def title(self) -> str:
        """What was asked in vain, in words."""
        how = (self.regime.written, self.formulation, self.prompt)
        return _joined(str(self.model), self.task.id, *how)


def once_unaskable(cell: EvaluateCell) -> list[str]:
    """Return the identities that a cell may have had when it could not be asked."""
    asked = cell.formulation
    formulations = {None, asked.name if asked else None}
    prompts = {None, asked.prompt if asked else None}
    return [_unaskable(cell, *way) for way in product(formulations, prompts)]


def _unaskable(
    asked: EvaluateCell | Unaskable, formulation: str | None, prompt: str | None
) -> str:
    named = {"formulation": formulation, "prompt": prompt}
    return fingerprint(
        kind="unaskable",
        model=str(asked.model),
        task=asked.task.id,
        regime=asked.regime.written,
        **{name: value for name, value in named.items() if value},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Train cells with the evaluate cells that wait for them, or evaluate cells alone.

    Jobs do not depend on one another: they are what an executor carries out.
    """

    trains: tuple[TrainCell, ...]
    evaluates: tuple[EvaluateCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All cells of a suite.

    Attributes:
        title: what the leaderboard will be called.
        jobs: the cells, grouped by what they depend on.
        unaskable: what the suite names and nobody can do.
        batch_tokens: tokens that one forward may hold; None for what there is room
            for.
        device: where the models run.
        dtype: in which precision.
        track: trackers that follow the run.
    """

    title: str
    jobs: tuple[Job, ...]
    unaskable: tuple[Unaskable, ...] = ()
    batch_tokens: int | None = None
    device: str = "cpu"
    dtype: Precision = "fp32"
    track: tuple[str, ...] = ()

    @property
    def cells(self) -> list[EvaluateCell]:
        """The evaluate cells, in the order they are carried out."""
        return [cell for job in self.jobs for cell in job.evaluates]

    @property
    def fingerprints(self) -> list[str]:
        """Every cell's identity, those that can't be asked last."""
        asked = [cell.fingerprint for cell in self.cells]
        return asked + [unaskable.fingerprint for unaskable in self.unaskable]

    @property
    def trains(self) -> Iterator[TrainCell]:
        """The train cells, each once."""
        found = {one.fingerprint: one for job in self.jobs for one in job.trains}
        return iter(found.values())
