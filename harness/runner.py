"""One evaluate cell: examples, requests, answers, predictions, scores."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from harness.collapse import judge
from harness.collecting import uncollected
from harness.engine import Engine, first_budget
from harness.errors import PluginError
from harness.formulations import ExemplarsOf, Formulation, no_exemplars
from harness.ledger import Ledger, check_share
from harness.measure import peak_memory_bytes, start_peak_memory
from harness.model import (
    Adapter,
    Budget,
    LoadSettings,
    ModelCard,
    ModelEntry,
    ModelName,
    Positions,
    PredictorEntry,
    SimpleAdapter,
)
from harness.plan import (
    EvaluateCell,
    TrainCell,
    Unaskable,
    fingerprint,
    precision,
)
from harness.plan.price import Tokens, price_of
from harness.plugins import Plugins
from harness.requests import Answer, Request
from harness.results import Caveats, CellResult, Cost
from harness.scoring import confusion, score_task
from harness.store import Store
from harness.task import Example, Prediction


class Evaluated(NamedTuple):
    """What came of a cell: the result, and what it was counted from."""

    result: CellResult
    predictions: list[tuple[Example, Prediction]]


class ModelPool:
    """Holds the model that was loaded last: cells of one model follow one another."""

    def __init__(self) -> None:
        self._key = ""
        self._adapter: SimpleAdapter | Adapter | None = None
        self._learnt: Budget | None = None

    def release(self) -> None:
        """Let the model go, so that two models are never held at once."""
        self._adapter = None

    def load(
        self, entry: ModelEntry, name: ModelName, settings: LoadSettings
    ) -> SimpleAdapter | Adapter:
        """Return the model, loaded only when it is not the last one."""
        key = f"{name} {settings}"
        if self._adapter is None or key != self._key:
            self.release()
            with uncollected():  # much is imported
                self._adapter = entry.load(name, settings)
            self._key = key
            self._learnt = None
        return self._adapter

    def budget(self, tokens: int | None) -> Budget:
        """Return what one forward of the model may hold, as learnt so far.

        Args:
            tokens: what the suite asks for, None where it leaves that open.
        """
        return self._learnt or first_budget(self._adapter, tokens)

    def learn(self, budget: Budget) -> None:
        """Keep what the model turned out to have memory for."""
        self._learnt = budget


@dataclass(frozen=True, slots=True, kw_only=True)
class CellAnswers:
    """The store's answers of one model at one precision, as the engine sees them."""

    store: Store
    model: str

    def find(self, keys: Sequence[str]) -> Mapping[str, Answer]:
        """Return the answers that are known."""
        return self.store.find_answers(self.model, keys)

    def add(self, answers: Mapping[str, Answer]) -> None:
        """Store answers, all or none."""
        self.store.add_answers(self.model, answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What cells of one run share."""

    plugins: Plugins
    store: Store
    models: ModelPool
    checkpoints: Path
    batch_tokens: int | None


def evaluate(
    cell: EvaluateCell, tools: Tools, on_batch: Callable[[int], None] = lambda _: None
) -> Evaluated:
    """Carry out one evaluate cell whose checkpoint, if it needs one, is there.

    A split without labels is predicted and not scored.

    Raises:
        HarnessError: the model, the data or a metric can't do it, or more inputs were
            cut than the suite allows.
    """
    examples = cell.examples()
    start_peak_memory(cell.load.device)
    if isinstance(cell.entry, PredictorEntry):
        predictions, cost, caveats = _predict(cell, cell.entry, examples)
    else:
        predictions, cost, caveats = _ask(cell, cell.entry, tools, examples, on_batch)
        check_share(caveats, len(examples), cell.max_truncated)
    result = replace(blank_result(cell), cost=cost, caveats=caveats)
    if cell.split.is_labelled:
        result = _with_scores(result, cell, tools.plugins, predictions, examples)
    return Evaluated(result, list(zip(examples, predictions, strict=True)))


def _with_scores(
    result: CellResult,
    cell: EvaluateCell,
    plugins: Plugins,
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> CellResult:
    scored = score_task(cell.task, plugins, predictions, examples)
    result = replace(
        result,
        scores=scored.scores,
        low=scored.headline.low,
        high=scored.headline.high,
        method=scored.headline.method,
        confusion=confusion(cell.task.problem.labels, predictions, examples),
    )
    judged = judge(cell, plugins, predictions, examples, result.score or 0.0)
    if judged is None:
        return result
    caveats = replace(
        result.caveats, collapsed=judged.is_collapsed, majority=judged.majority
    )
    return replace(result, caveats=caveats)


def _predict(
    cell: EvaluateCell, entry: PredictorEntry, examples: Sequence[Example]
) -> tuple[list[Prediction], Cost, Caveats]:
    predictor = entry.make(cell.model.options, cell.seed)
    targets = [example.target for example in cell.train_split or ()]
    values = predictor.predict(cell.task, examples, targets)
    if len(values) != len(examples):
        raise PluginError(
            f"the baseline {cell.model} predicted {len(values)} targets for "
            f"{len(examples)} examples: return one for each, in order"
        )
    pairs = zip(examples, values, strict=True)
    predictions = [Prediction(id=example.id, value=value) for example, value in pairs]
    return predictions, Cost(), _caveats(cell, predictions, Ledger(), cached=0)


def _ask(
    cell: EvaluateCell,
    entry: ModelEntry,
    tools: Tools,
    examples: Sequence[Example],
    on_batch: Callable[[int], None],
) -> tuple[list[Prediction], Cost, Caveats]:
    name = asked_name(cell, tools.checkpoints)
    # only a checkpoint that was trained since the plan is not described yet
    card = cell.card if cell.card and not cell.train else entry.describe(name)
    adapter = tools.models.load(entry, name, cell.load)
    identity = fingerprint(model=card.fingerprint, **precision(cell.load))
    cache = CellAnswers(store=tools.store, model=identity)
    budget = tools.models.budget(tools.batch_tokens)
    engine = Engine(adapter, cache, budget, on_batch)
    ledger, started = Ledger(), time.perf_counter()
    predictions = predict(cell, examples, engine, ledger.note)
    tools.models.learn(engine.budget)
    seconds = time.perf_counter() - started
    peak = peak_memory_bytes(cell.load.device)
    is_measured = engine.cached == 0  # answers from the store cost nothing now
    cost = Cost(
        seconds=seconds if is_measured else None,
        examples=len(examples),
        tokens=(engine.tokens or None) if is_measured else None,
        written_tokens=(engine.written or None) if is_measured else None,
        price=_price(card, engine) if is_measured else None,
        padding=_padding(engine.positions) if is_measured else None,
        peak_memory_bytes=peak if is_measured else None,
        parameters=card.parameters,
    )
    return predictions, cost, _caveats(cell, predictions, ledger, engine.cached)


def _padding(positions: Positions) -> float | None:
    """Return the share of positions that held no token; None where none was counted."""
    if not positions.computed:
        return None
    return 1 - positions.held / positions.computed


def _price(card: ModelCard, engine: Engine) -> float | None:
    if card.token_prices is None:
        return None
    return price_of(Tokens(engine.tokens, engine.written), card.token_prices)


def predict(
    cell: EvaluateCell,
    examples: Sequence[Example],
    engine: Engine,
    note: Callable[[Iterable[Answer]], None] = lambda _: None,
) -> list[Prediction]:
    """Ask a model about examples and return its predictions, in order."""
    assert cell.formulation is not None
    exemplars_of = cell.exemplars(examples)
    return ask_about(cell.formulation, examples, engine, exemplars_of, note)


def ask_about(
    formulation: Formulation,
    examples: Sequence[Example],
    engine: Engine,
    exemplars_of: ExemplarsOf = no_exemplars,
    note: Callable[[Iterable[Answer]], None] = lambda _: None,
) -> list[Prediction]:
    """Ask a model about examples in one formulation."""
    waiting: deque[tuple[Example, int]] = deque()

    def requests() -> Iterator[Request]:
        for example in examples:
            asked = formulation.requests(example, exemplars_of(example))
            if not asked:
                raise PluginError(
                    f"the formulation {formulation.name} asks nothing about example "
                    f"{example.id!r}, expected one request or more: correct it"
                )
            waiting.append((example, len(asked)))
            yield from asked

    predictions = []
    answers = engine.answer(requests())
    for first in answers:
        example, count = waiting.popleft()
        own = [first, *(next(answers) for _ in range(count - 1))]
        note(own)
        predictions.append(formulation.predict(example, own))
    return formulation.finish(predictions)


def asked_name(cell: EvaluateCell, checkpoints: Path) -> ModelName:
    """Return the name of what is evaluated: the model, or its trained checkpoint."""
    return trained_name(cell.train, checkpoints) if cell.train else cell.model


def trained_name(cell: TrainCell, checkpoints: Path) -> ModelName:
    """Return the name of what a train cell makes: a checkpoint, or base and adapter."""
    folder = checkpoints / cell.fingerprint
    is_adapter = cell.recipe.saves == "adapter"
    return ModelName(
        adapter=cell.model.adapter,
        checkpoint=f"{cell.model.checkpoint}+{folder}" if is_adapter else str(folder),
        options=cell.model.options,
    )


def blank_result(cell: EvaluateCell) -> CellResult:
    """Return what a result says of a cell before anything is measured."""
    formulation = cell.formulation
    column = [
        f"{cell.task.id}@{cell.task.version}",
        cell.split.name,
        cell.split.content_hash[:16],
        "+".join(cell.metrics),
        (formulation.prompt if formulation else None) or "",
    ]
    return CellResult(
        fingerprint=cell.fingerprint,
        model=str(cell.model),
        is_baseline=isinstance(cell.entry, PredictorEntry),
        task=cell.task.id,
        task_title=cell.task.title,
        task_version=cell.task.version,
        metrics_column="|".join(column),
        split=cell.split.name,
        regime=str(cell.regime),
        settings=dict(cell.regime.settings),
        formulation=formulation.name if formulation else None,
        prompt=formulation.prompt if formulation else None,
        seed=cell.seed,
        dtype=_dtype(cell),
    )


def _dtype(cell: EvaluateCell) -> str | None:
    is_ours = isinstance(cell.entry, ModelEntry) and not cell.entry.is_remote
    return cell.load.dtype if is_ours else None


def unaskable_result(unaskable: Unaskable) -> CellResult:
    """Return what a page shows of what can't be asked: the reason."""
    task = unaskable.task
    return CellResult(
        fingerprint=unaskable.fingerprint,
        model=str(unaskable.model),
        is_baseline=unaskable.regime.kind == "baseline",
        task=task.id,
        task_title=task.title,
        task_version=task.version,
        metrics_column="",
        split=task.data.evaluate,
        regime=str(unaskable.regime),
        settings=dict(unaskable.regime.settings),
        formulation=unaskable.formulation,
        prompt=unaskable.prompt,
        status="blocked",
        reason=unaskable.reason,
    )


def _caveats(
    cell: EvaluateCell, predictions: Sequence[Prediction], ledger: Ledger, cached: int
) -> Caveats:
    return Caveats(
        limit=None if cell.limit is None else len(predictions),
        split_size=cell.split.size,
        is_sample=cell.split.is_sample,
        truncated=ledger.truncated,
        truncated_tokens=ledger.truncated_tokens,
        truncated_side=ledger.truncated_side,
        read_tokens=ledger.read_tokens,
        dropped_shots=ledger.dropped_shots,
        dropped_exemplars=ledger.dropped_exemplars,
        unparsable=sum(prediction.value is None for prediction in predictions),
        duplicates=cell.split.duplicates,
        selected_on_evaluated=cell.is_selected_on_evaluated,
        cached=cached,
    )
