"""Make a plan of a suite: everything that can be checked is checked here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from harness.askable import Unfit, choose_formulation, offer, same_formulation
from harness.data import DataSource, Split, load_split
from harness.data.resolve import open_source
from harness.errors import DataError, UsageError, unknown_name
from harness.formulations import Formulation
from harness.measure import resolve_device
from harness.model import LoadSettings, ModelCard, ModelEntry, ModelName, PredictorEntry
from harness.plan import EvaluateCell, Job, Plan, TrainCell, Unaskable, fingerprint
from harness.plugins import Plugins
from harness.recipe import RecipeEntry
from harness.regime import BASELINE, Regime
from harness.settings import read_settings
from harness.suite import Suite
from harness.task import Task


class _Chosen(NamedTuple):
    """A task with what the suite says of it."""

    task: Task
    split: str
    data: str
    limit: int | None
    formulation: str | None
    prompt: str | None


def make_plan(suite: Suite, plugins: Plugins) -> Plan:
    """Check a suite against plugins, data and checkpoints, and lay out its cells.

    Raises:
        UsageError: a name is unknown, or nothing that the suite asks can be done.
        DataError: a data file is missing or is not what its task declares.
        CheckpointError: a checkpoint can't be used.
    """
    return _Planner(suite, plugins).plan()


class _Planner:
    def __init__(self, suite: Suite, plugins: Plugins) -> None:
        self._suite = suite
        self._plugins = plugins
        device = resolve_device(suite.device)
        self._load = LoadSettings(device=device, dtype=suite.dtype)
        self._sources: dict[str, DataSource] = {}
        self._splits: dict[tuple[str, str, str], Split | DataError] = {}
        self._cards: dict[str, ModelCard] = {}
        self._jobs: dict[str, tuple[TrainCell | None, list[EvaluateCell]]] = {}
        self._unaskable: list[Unaskable] = []

    def plan(self) -> Plan:
        names = [ModelName.parse(text) for text in self._suite.models]
        models = [(name, self._entry(name)) for name in names]
        regimes = [self._checked(regime) for regime in self._suite.parsed_regimes()]
        tasks = self._choose_tasks()
        self._check_data(tasks)
        for name, entry in models:
            for task in tasks:
                self._add(name, entry, task, regimes)
        return self._finish()

    def _finish(self) -> Plan:
        if not self._jobs:
            reasons = "; ".join(dict.fromkeys(u.reason for u in self._unaskable))
            raise UsageError(f"nothing to run: {reasons}")
        return Plan(
            title=self._suite.title,
            jobs=tuple(
                Job(train=train, evaluates=tuple(cells))
                for train, cells in self._jobs.values()
            ),
            unaskable=tuple(self._unaskable),
            batch_tokens=self._suite.batch_tokens,
            device=self._load.device,
        )

    # What the suite names

    def _entry(self, name: ModelName) -> ModelEntry | PredictorEntry:
        entry = self._plugins.model(name)
        for option in name.options:
            if option not in entry.options:
                kind = f"option of model {name.adapter}:"
                raise unknown_name(kind, option, entry.options, "harness list models")
        return entry

    def _checked(self, regime: Regime) -> Regime:
        if regime.kind == "finetune":
            self._settings(regime)
        return regime

    def _settings(self, regime: Regime) -> tuple[RecipeEntry, Any]:
        recipe = self._plugins.recipe(regime.recipe)
        return recipe, read_settings(recipe, regime.settings)

    def _choose_tasks(self) -> list[_Chosen]:
        tasks = {
            task.id: task
            for choice in self._suite.tasks
            for task in self._plugins.find_tasks(choice.id)
        }
        chosen = []
        for task in tasks.values():
            own = self._suite.choice(task.id)
            split = own.split or task.data.evaluate
            data = own.data or self._suite.data
            chosen.append(
                _Chosen(task, split, data, own.limit, own.formulation, own.prompt)
            )
        return chosen

    # Data

    def _check_data(self, tasks: list[_Chosen]) -> None:
        """Load every split to evaluate; all that is missing is named at once."""
        found = [(chosen, self._try_split(chosen, chosen.split)) for chosen in tasks]
        errors = [split for _, split in found if isinstance(split, DataError)]
        if errors and not self._suite.skip_unavailable:
            more = f" (and {len(errors) - 1} more tasks)" if len(errors) > 1 else ""
            skip = "" if len(found) == 1 else "; --skip-unavailable goes on without"
            raise DataError(f"{errors[0]}{more}{skip}") from errors[0]
        for chosen, split in found:
            if isinstance(split, Split) and not split.is_labelled:
                raise DataError(
                    f"{split.origin} has no labels, so {chosen.task.id} can't be "
                    f"scored on split {chosen.split!r}: evaluate the split "
                    f"{chosen.task.data.evaluate!r}"
                )

    def _try_split(self, chosen: _Chosen, name: str) -> Split | DataError:
        return self._read(chosen.task, chosen.data, name)

    def _read(self, task: Task, data: str, name: str) -> Split | DataError:
        key = task.id, data, name
        if key not in self._splits:
            try:
                self._splits[key] = load_split(task, self._source(data), name)
            except DataError as error:
                self._splits[key] = error
        return self._splits[key]

    def _source(self, text: str) -> DataSource:
        if text not in self._sources:
            self._sources[text] = open_source(text, self._plugins.data_sources)
        return self._sources[text]

    def _training_split(self, chosen: _Chosen) -> Split:
        task = self._plugins.task(chosen.task.training_task)
        if task.data.train is None:
            raise Unfit(f"{task.id} has no training split")
        split = self._read(task, self._suite.data_for(task.id), task.data.train)
        if isinstance(split, DataError):
            if self._suite.skip_unavailable:
                raise Unfit(str(split))
            raise split
        return split

    # Cells

    def _add(
        self,
        name: ModelName,
        entry: ModelEntry | PredictorEntry,
        chosen: _Chosen,
        regimes: list[Regime],
    ) -> None:
        if isinstance(entry, PredictorEntry):
            self._attempt(
                name, chosen, BASELINE, lambda: self._baseline(name, entry, chosen)
            )
            return
        for regime in regimes:
            self._attempt(
                name,
                chosen,
                regime,
                lambda r=regime: self._asked(name, entry, chosen, r),
            )

    def _attempt(
        self, name: ModelName, chosen: _Chosen, regime: Regime, add: Callable[[], None]
    ) -> None:
        try:
            split = self._try_split(chosen, chosen.split)
            if isinstance(split, DataError):
                raise Unfit(str(split))
            add()
        except Unfit as reason:
            self._unaskable.append(
                Unaskable(
                    model=name, task=chosen.task, regime=regime, reason=str(reason)
                )
            )

    def _baseline(
        self, name: ModelName, entry: PredictorEntry, chosen: _Chosen
    ) -> None:
        needs = entry.needs_training_targets
        train_split = self._training_split(chosen) if needs else None
        common = self._common(name, entry, chosen, BASELINE, self._suite.seeds[0])
        identity = {"model": str(name)}
        if train_split:
            identity["train"] = train_split.content_hash
        self._put(None, common, identity, train_split=train_split)

    def _asked(
        self, name: ModelName, entry: ModelEntry, chosen: _Chosen, regime: Regime
    ) -> None:
        card = self._card(name, entry)
        offered = offer(chosen.task, chosen.formulation, chosen.prompt)
        trains = self._settings(regime)[0].trains if regime.recipe else frozenset()
        formulation = choose_formulation(offered, card, regime, trains, name)
        # a seed changes nothing but exemplars and training
        seeds = (
            self._suite.seeds if regime.kind != "zero-shot" else self._suite.seeds[:1]
        )
        for seed in seeds:
            common = self._common(name, entry, chosen, regime, seed)
            common |= {"card": card, "formulation": formulation}
            if regime.kind == "finetune":
                train = self._train_cell(
                    name, entry, card, chosen, formulation, regime, seed
                )
                self._put(train, common, {"train": train.fingerprint})
            elif regime.kind == "few-shot":
                exemplars = self._training_split(chosen)
                identity = {
                    "model": card.fingerprint,
                    "exemplars": exemplars.content_hash,
                }
                self._put(None, common, identity, train_split=exemplars)
            else:
                self._put(None, common, {"model": card.fingerprint})

    def _card(self, name: ModelName, entry: ModelEntry) -> ModelCard:
        if str(name) not in self._cards:
            self._cards[str(name)] = entry.describe(name)
        return self._cards[str(name)]

    def _common(
        self,
        name: ModelName,
        entry: ModelEntry | PredictorEntry,
        chosen: _Chosen,
        regime: Regime,
        seed: int,
    ) -> dict[str, Any]:
        return {
            "model": name,
            "entry": entry,
            "task": chosen.task,
            "split": self._try_split(chosen, chosen.split),
            "regime": regime,
            "seed": seed,
            "limit": chosen.limit,
            "load": self._load,
            "data": chosen.data,
        }

    def _put(
        self,
        train: TrainCell | None,
        common: Mapping[str, Any],
        identity: Mapping[str, str],
        *,
        train_split: Split | None = None,
    ) -> None:
        cell_fields = {"card": None, "formulation": None, **common}
        formulation: Formulation | None = cell_fields["formulation"]
        task: Task = common["task"]
        mark = fingerprint(
            kind="evaluate",
            identity=dict(identity),
            task=f"{task.id}@{task.version}",
            split=common["split"].name,
            data=common["split"].content_hash,
            metrics=task.metrics,
            formulation=formulation.name if formulation else None,
            prompt=formulation.prompt if formulation else None,
            regime=common["regime"].written,
            seed=common["seed"],
            limit=common["limit"],
            **_precision(common["load"]),
        )
        cell = EvaluateCell(
            fingerprint=mark, train=train, train_split=train_split, **cell_fields
        )
        key = train.fingerprint if train else mark
        self._jobs.setdefault(key, (train, []))[1].append(cell)

    def _train_cell(  # the cell's own parts
        self,
        name: ModelName,
        entry: ModelEntry,
        card: ModelCard,
        chosen: _Chosen,
        formulation: Formulation,
        regime: Regime,
        seed: int,
    ) -> TrainCell:
        recipe, settings = self._settings(regime)
        task = self._plugins.task(chosen.task.training_task)
        trained = same_formulation(task, formulation)
        split = self._training_split(chosen)
        load = LoadSettings(device=self._load.device, dtype=self._load.dtype, seed=seed)
        mark = fingerprint(
            kind="train",
            model=card.fingerprint,
            task=f"{task.id}@{task.version}",
            data=split.content_hash,
            formulation=trained.name,
            prompt=trained.prompt,
            recipe=recipe.name,
            settings=asdict(settings),
            seed=seed,
            **_precision(load),
        )
        known = self._jobs.get(mark)
        if known and known[0]:
            return known[0]
        return TrainCell(
            fingerprint=mark,
            model=name,
            entry=entry,
            card=card,
            task=task,
            split=split,
            formulation=trained,
            recipe=recipe,
            settings=settings,
            seed=seed,
            load=load,
        )


def _precision(load: LoadSettings) -> dict[str, str]:
    return {"dtype": load.dtype, "device": load.device.partition(":")[0]}
