"""Make a plan of a suite: everything that can be checked is checked here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness.collecting import uncollected
from harness.data import Split
from harness.errors import DataError, MissingDataError, UsageError, unknown_name
from harness.formulations import Formulation
from harness.measure import resolve_device, usual_dtype
from harness.metric import signature
from harness.model import LoadSettings, ModelCard, ModelEntry, ModelName, PredictorEntry
from harness.plan import (
    EvaluateCell,
    Job,
    Plan,
    TrainCell,
    Unaskable,
)
from harness.plan.askable import (
    Unfit,
    check_wording,
    choose_formulation,
    offer,
    same_formulation,
)
from harness.plan.learning import check_exemplars, check_size
from harness.plan.settings import check_regime, read_settings
from harness.plan.split_reader import SplitReader
from harness.plugins import Plugins
from harness.recipe import CommonSettings, RecipeEntry
from harness.regime import BASELINE, Regime
from harness.suite import Suite, TaskChoice
from harness.task import Task


class _Model(NamedTuple):
    """A model of the suite; baselines have no card."""

    name: ModelName
    entry: ModelEntry | PredictorEntry
    card: ModelCard | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A task with what the suite says of it."""

    task: Task
    choice: TaskChoice
    metrics: tuple[str, ...]

    @property
    def split(self) -> str:
        return self.task.data.split(self.choice.split or "evaluate")

    @property
    def is_for_submission(self) -> bool:
        """Whether predictions are wanted, labels or not."""
        return self.choice.split == "submit"

    @property
    def max_truncated(self) -> float:
        assert self.choice.max_truncated is not None
        return self.choice.max_truncated

    @property
    def data(self) -> str:
        assert self.choice.data is not None
        return self.choice.data


@uncollected()
def make_plan(suite: Suite, plugins: Plugins) -> Plan:
    """Check a suite against plugins, data and checkpoints, and lay out its cells.

    Raises:
        UsageError: a name is unknown, or nothing that the suite asks can be done.
        DataError: a data file is missing or is not what its task declares.
        CheckpointError: a checkpoint can't be used.
    """
    return _Planner(suite, plugins).plan()


def _check_weights(models: list[_Model]) -> None:
    """Refuse two names for one thing: a result has one name on the page."""
    names: dict[str, str] = {}
    for model in models:
        if model.card is None:
            continue
        name = names.setdefault(model.card.fingerprint, str(model.name))
        if name != str(model.name):
            raise UsageError(
                f"models {name!r} and {str(model.name)!r} have the same weights and "
                "options, so every answer would be the same: name one of them"
            )


class _Planner:
    def __init__(self, suite: Suite, plugins: Plugins) -> None:
        self._suite = suite
        self._plugins = plugins
        device = resolve_device(suite.device)
        dtype = suite.dtype or usual_dtype(device)
        self._load = LoadSettings(device=device, dtype=dtype)
        self._splits = SplitReader(plugins.data_sources)
        # by fingerprint, so that what a suite names twice is done once
        self._jobs: dict[str, tuple[list[TrainCell], dict[str, EvaluateCell]]] = {}
        self._unaskable: dict[str, Unaskable] = {}

    def plan(self) -> Plan:
        regimes = self._suite.parsed_regimes()
        for regime in regimes:
            if regime.recipe:  # a wrong setting is found before any file is read
                check_regime(self._plugins.recipe(regime.recipe), regime)
        for text in self._suite.track:
            self._plugins.tracker(text)
        entries = [self._entry(text) for text in self._suite.models]
        tasks = self._choose_tasks()
        self._check_data(tasks)
        models = [self._describe(name, entry) for name, entry in entries]
        _check_weights(models)
        for model in models:
            for task in tasks:
                self._add(model, task, regimes)
        return self._finish()

    def _finish(self) -> Plan:
        if not self._jobs:
            unaskable = self._unaskable.values()
            reasons = "; ".join(dict.fromkeys(each.reason for each in unaskable))
            raise UsageError(f"nothing to run: {reasons}")
        return Plan(
            title=self._suite.title,
            jobs=tuple(
                Job(trains=tuple(trains), evaluates=tuple(cells.values()))
                for trains, cells in self._jobs.values()
            ),
            unaskable=tuple(self._unaskable.values()),
            batch_tokens=self._suite.batch_tokens,
            device=self._load.device,
            dtype=self._load.dtype,
            track=tuple(self._suite.track),
        )

    # What the suite names

    def _entry(self, text: str) -> tuple[ModelName, ModelEntry | PredictorEntry]:
        name = ModelName.parse(text)
        return name, self._plugins.model(name)

    def _describe(self, name: ModelName, entry: ModelEntry | PredictorEntry) -> _Model:
        card = None if isinstance(entry, PredictorEntry) else entry.describe(name)
        return _Model(name, entry, card)

    def _choose_tasks(self) -> list[_Chosen]:
        tasks = {
            task.id: task
            for choice in self._suite.tasks
            for task in self._plugins.find_tasks(choice.id)
        }
        chosen = [
            _Chosen(task=task, choice=choice, metrics=self._signatures(task))
            for task in tasks.values()
            for choice in self._suite.choices(task.id)
        ]
        known = {prompt for task in tasks.values() for prompt in task.prompts}
        for prompt in (one.choice.prompt for one in chosen):
            if prompt is not None and prompt not in known:
                raise unknown_name("prompt", prompt, known, "harness list tasks")
        return chosen

    def _signatures(self, task: Task) -> tuple[str, ...]:
        """Make a task's metrics, so that a wrong one is found before anything runs."""
        metrics = [self._plugins.metric(m, task.problem.labels) for m in task.metrics]
        return tuple(signature(metric) for metric in metrics)

    def _check_data(self, tasks: list[_Chosen]) -> None:
        """Read every split to evaluate; what is missing is named before all else."""
        for chosen in tasks:
            split = self._evaluated(chosen)
            if isinstance(split, DataError):
                self._refuse(split, others=len(tasks) > 1)

    def _evaluated(self, chosen: _Chosen) -> Split | DataError:
        """Return the split to evaluate, or what is wrong with it."""
        split = self._splits.try_read(chosen.task, chosen.data, chosen.split)
        if isinstance(split, DataError) or split.is_labelled:
            return split
        if chosen.is_for_submission:
            return split
        return MissingDataError(
            f"{split.origin} has no labels, so {chosen.task.id} can't be scored on "
            f"split {chosen.split!r}: name a labelled split with --split, other data "
            "with --data, or predict without scores with --split submit"
        )

    def _refuse(self, error: DataError, *, others: bool) -> None:
        if not isinstance(error, MissingDataError):
            raise error
        if self._suite.skip_unavailable:
            return
        if not others:
            raise error
        raise MissingDataError(
            f"{error}; --skip-unavailable leaves out tasks whose data is missing"
        ) from error

    # Cells

    def _add(self, model: _Model, chosen: _Chosen, regimes: list[Regime]) -> None:
        for regime in regimes if model.card else [BASELINE]:
            try:
                for trains, cell in self._cells(model, chosen, regime):
                    key = " ".join(one.fingerprint for one in trains)
                    _, cells = self._jobs.setdefault(
                        key or cell.fingerprint, (trains, {})
                    )
                    cells[cell.fingerprint] = cell
            except Unfit as reason:
                unaskable = Unaskable(
                    model=model.name,
                    task=chosen.task,
                    regime=regime,
                    reason=str(reason),
                    formulation=chosen.choice.formulation,
                    prompt=chosen.choice.prompt,
                )
                self._unaskable[unaskable.fingerprint] = unaskable

    def _cells(
        self, model: _Model, chosen: _Chosen, regime: Regime
    ) -> Iterator[tuple[list[TrainCell], EvaluateCell]]:
        formulation = self._formulation(model, chosen, regime)
        # a seed changes exemplars and training, and of baselines one is enough
        is_seeded = regime.kind in ("few-shot", "finetune")
        for seed in self._suite.seeds if is_seeded else self._suite.seeds[:1]:
            trains: list[TrainCell] = []
            if regime.kind == "finetune" and formulation:
                trains = [
                    self._train_cell(model, chosen, formulation, point, seed)
                    for point in regime.points()
                ]
            yield (
                trains,
                self._evaluate_cell(model, chosen, formulation, regime, seed, trains),
            )

    def _formulation(
        self, model: _Model, chosen: _Chosen, regime: Regime
    ) -> Formulation | None:
        if isinstance(model.entry, PredictorEntry):
            reason = model.entry.refuses(chosen.task)
            if reason is not None:
                raise Unfit(f"{model.name} can't answer {chosen.task.id}: {reason}")
        if model.card is None:
            return None
        own = chosen.choice
        offered = offer(chosen.task, own.formulation, own.prompt)
        trains: frozenset[str] = frozenset()
        if regime.recipe:
            trains = self._plugins.recipe(regime.recipe).trains
        return choose_formulation(offered, model.card, regime, trains, model.name)

    def _evaluate_cell(  # the cell's own parts
        self,
        model: _Model,
        chosen: _Chosen,
        formulation: Formulation | None,
        regime: Regime,
        seed: int,
        trains: Sequence[TrainCell],
    ) -> EvaluateCell:
        split = self._present(self._evaluated(chosen))
        train_split = self._examples_to_learn_from(model.entry, chosen, regime, split)
        if regime.kind == "few-shot" and formulation and train_split:
            shown, asked = next(iter(train_split)), next(iter(split))
            check_wording(formulation, chosen.task.training_task, asked, shown)
        limit = chosen.choice.limit
        if limit is not None and limit >= split.size:
            limit = None
        return EvaluateCell(
            model=model.name,
            entry=model.entry,
            card=model.card,
            train=trains[0] if trains else None,
            candidates=tuple(trains) if regime.chooses else (),
            task=chosen.task,
            split=split,
            train_split=train_split,
            formulation=formulation,
            metrics=chosen.metrics,
            regime=regime,
            seed=seed,
            limit=limit,
            max_truncated=chosen.max_truncated,
            load=LoadSettings() if _is_remote(model.entry) else self._load,
            data=chosen.data,
        )

    def _train_cell(
        self,
        model: _Model,
        chosen: _Chosen,
        formulation: Formulation,
        regime: Regime,
        seed: int,
    ) -> TrainCell:
        assert model.card is not None
        assert isinstance(model.entry, ModelEntry)
        recipe: RecipeEntry = self._plugins.recipe(regime.recipe)
        settings = recipe.resolve(read_settings(recipe, regime.settings), model.card)
        task = self._plugins.task(chosen.task.training_task)
        trained = same_formulation(task, formulation)
        split = self._training_split(chosen)
        check_size(settings, split)
        load = replace(self._load, seed=seed)
        return TrainCell(
            model=model.name,
            entry=model.entry,
            card=model.card,
            task=task,
            split=split,
            selection=self._selection_split(task, settings, chosen.data),
            formulation=trained,
            recipe=recipe,
            settings=settings,
            seed=seed,
            load=load,
            written=regime.written,
        )

    def _examples_to_learn_from(
        self,
        entry: ModelEntry | PredictorEntry,
        chosen: _Chosen,
        regime: Regime,
        evaluated: Split,
    ) -> Split | None:
        if regime.kind == "few-shot":
            split = self._training_split(chosen)
            check_exemplars(split, evaluated, regime)
            return split
        if isinstance(entry, PredictorEntry) and entry.trains:
            return self._training_split(chosen)
        is_needed = isinstance(entry, PredictorEntry) and entry.needs_training_targets
        if not is_needed or not chosen.task.problem.learns_majority:
            return None
        try:
            return self._training_split(chosen)
        except Unfit:  # then it learns from what it is asked, and the page says so
            if not evaluated.is_labelled:
                raise
            return evaluated

    def _selection_split(
        self, task: Task, settings: CommonSettings, data: str
    ) -> Split | None:
        """Return the split to select on; None for a slice of train, or for none."""
        name = task.data.split(settings.select_on)
        if settings.select != "best" or name == task.data.train:
            return None
        return self._labelled_split(task, name, data)

    def _training_split(self, chosen: _Chosen) -> Split:
        task = self._plugins.task(chosen.task.training_task)
        if task.data.train is None:
            raise Unfit(f"{task.id} has no training split")
        return self._labelled_split(task, task.data.train, chosen.data)

    def _labelled_split(self, task: Task, name: str, beside: str) -> Split:
        split = self._read(task, self._suite.data_for(task.id, beside), name)
        if not split.is_labelled:
            raise DataError(
                f"{split.origin} has no labels, so nothing can be learnt from it: give "
                f"{task.id} a labelled {name} split"
            )
        return split

    def _read(self, task: Task, data: str, name: str) -> Split:
        return self._present(self._splits.try_read(task, data, name))

    def _present(self, split: Split | DataError) -> Split:
        if not isinstance(split, DataError):
            return split
        self._refuse(split, others=True)
        raise Unfit(str(split))


def _is_remote(entry: ModelEntry | PredictorEntry) -> bool:
    return isinstance(entry, ModelEntry) and entry.is_remote
