"""Results: what the store holds of finished cells, as values that reports read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from harness.requests import Side
from harness.task import Benchmark

if TYPE_CHECKING:
    import pandas as pd

ResultStatus = Literal["done", "failed", "blocked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellScore:
    """One metric's score in one cell.

    Attributes:
        metric: the metric as the task names it, such as ``f1,positive=equivalent``.
        signature: metric, options, number of units, version.
        value: the score on the metric's own scale (mostly 0..1), NaN where undefined.
        low: lower end of the 95 % interval, on the same scale; None where undefined.
        high: upper end.
        method: how the interval was made, such as ``bootstrap, 1000 draws``.
        scale: what to multiply by for display.
        units: how many resampling units it was counted over.
        is_headline: whether it counts for the task's score.
        is_lower_better: whether a lower value is the better one.
    """

    metric: str
    signature: str
    value: float
    low: float | None
    high: float | None
    method: str
    scale: float
    units: int
    is_headline: bool
    is_lower_better: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a cell took. None is "not measured", never zero.

    Time, tokens and memory are measured only where every answer was computed: with
    some from the store they would say too little.

    Attributes:
        seconds: wall-clock seconds of inference, without loading and scoring.
        examples: examples predicted in that time.
        tokens: tokens that the model read.
        written_tokens: tokens that the model wrote.
        price: what they cost together, in the currency of the model's prices.
        padding: share of forward positions that held no token, 0..1.
        peak_memory_bytes: the process's peak resident memory (the GPU's where one
            was used).
        parameters: parameters of the model.
        trained_parameters: those of them that the train cell behind it updated.
        train_seconds: wall-clock seconds of that train cell.
    """

    seconds: float | None = None
    examples: int | None = None
    tokens: int | None = None
    written_tokens: int | None = None
    price: float | None = None
    padding: float | None = None
    peak_memory_bytes: int | None = None
    parameters: int | None = None
    trained_parameters: int | None = None
    train_seconds: float | None = None

    @property
    def examples_per_s(self) -> float | None:
        """Examples predicted per second."""
        if not self.seconds or self.examples is None:
            return None
        return self.examples / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveats:
    """What a reader must know beside the number; zero and False are "none".

    Attributes:
        limit: how many examples `--limit` let through, None for all.
        split_size: examples in the whole split.
        is_sample: whether the data was the built-in sample.
        truncated: examples with cut input.
        truncated_tokens: tokens that were cut from them.
        truncated_side: the end that was cut, ``both`` where each was; None where
            nothing was cut or the model did not say.
        read_tokens: tokens that the model read of all examples, for comparison.
        dropped_shots: examples that lost exemplars to fit.
        dropped_exemplars: exemplars that these lost together.
        unparsable: predictions that could not be read from the model's text.
        duplicates: examples that stand more than once in the data.
        selected_on_evaluated: whether the evaluated split trained or chose the
            checkpoint.
        collapsed: whether a training left nothing better than the majority baseline.
        majority: that baseline's score on the same examples, on the displayed scale;
            None where nothing was trained.
        cached: answers that came from the store.
    """

    limit: int | None = None
    split_size: int = 0
    is_sample: bool = False
    truncated: int = 0
    truncated_tokens: int = 0
    truncated_side: Side | None = None
    read_tokens: int = 0
    dropped_shots: int = 0
    dropped_exemplars: int = 0
    unparsable: int = 0
    duplicates: int = 0
    selected_on_evaluated: bool = False
    collapsed: bool = False
    majority: float | None = None
    cached: int = 0

    @property
    def is_partial(self) -> bool:
        """Whether fewer examples than the split holds were evaluated."""
        return self.limit is not None and self.limit < self.split_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far a cell in bf16 or fp16 is from the same cell in fp32.

    Attributes:
        what: what the numbers behind its predictions are, such as
            ``log-probability``; empty where there are none.
        largest: the largest difference of two numbers; None without numbers.
        median: the median of the differences.
        changed: how many predictions are others: another label, choice, span or text.
        compared: how many predictions there are.
        score: the score less that in fp32, on the displayed scale; None unless both
            are scored.
    """

    what: str
    largest: float | None
    median: float | None
    changed: int
    compared: int
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellResult:
    """One evaluate cell: a model on a task in a regime with a seed.

    Attributes:
        fingerprint: the cell's identity.
        model: the model's name, such as ``bert:tiny``.
        is_baseline: whether the model is a baseline.
        task: task id.
        task_title: the task's name as its authors write it.
        task_version: the row's version.
        metrics_column: identifies the leaderboard column: task@version, data hash,
            split, metric signature without n, prompt; empty where the cell could not
            be asked, so that any column of its task may show the reason.
        split: the evaluated split.
        regime: ``zero-shot``, ``few-shot:5`` or ``finetune:full``.
        settings: the regime's settings, as written.
        formulation: how it was asked; None for baselines.
        prompt: the prompt's name, None where none was used.
        seed: the cell's seed.
        dtype: the precision of weights and activations; None for baselines, and where
            it is not known.
        drift: how far that took it from fp32; None for fp32, and where the store has
            no such cell in fp32.
        status: ``done``, ``failed`` or ``blocked``.
        reason: why it is not done, in one line.
        scores: every metric, in the task's order; none where the split has no labels.
        low: lower end of the 95 % interval of `score`, on the displayed scale.
        high: upper end.
        method: how that interval was made.
        cost: what it took.
        caveats: what stands beside the number.
        confusion: label names and counts[target][predicted], for classification.
        curve: the train cell's (step, loss, learning rate).
        provenance: data origin and hash, weights hash, versions, hardware, run id,
            date, command: what repeats and explains the cell.
    """

    fingerprint: str
    model: str
    is_baseline: bool
    task: str
    task_title: str
    task_version: int
    metrics_column: str
    split: str
    regime: str
    settings: Mapping[str, str] = field(default_factory=dict)
    formulation: str | None = None
    prompt: str | None = None
    seed: int = 1
    dtype: str | None = None
    drift: Drift | None = None
    status: ResultStatus = "done"
    reason: str | None = None
    scores: tuple[CellScore, ...] = ()
    low: float | None = None
    high: float | None = None
    method: str = ""
    cost: Cost = Cost()
    caveats: Caveats = Caveats()
    confusion: tuple[tuple[str, ...], tuple[tuple[int, ...], ...]] | None = None
    curve: tuple[tuple[int, float, float], ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float | None:
        """Mean of the headline metrics, displayed scale; None unless done."""
        if self.status != "done":
            return None
        values = [s.value * s.scale for s in self.scores if s.is_headline]
        return sum(values) / len(values) if values else None

    @property
    def is_scored(self) -> bool:
        """Whether there are scores; a split without labels is predicted alone."""
        return bool(self.scores)

    @property
    def is_inexact(self) -> bool:
        """Whether it was carried out in another precision than fp32."""
        return self.status == "done" and self.dtype not in (None, "fp32")

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """Identify the leaderboard row: model, regime, settings, formulation, precision.

        The precision is empty for fp32, and where none is known.
        """
        settings = ",".join(f"{k}={v}" for k, v in sorted(self.settings.items()))
        precision = "" if self.dtype in (None, "fp32") else str(self.dtype)
        return self.model, self.regime, settings, self.formulation or "", precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Evaluate cells with the benchmarks they belong to.

    Attributes:
        cells: one for each model, task, regime and seed.
        benchmarks: benchmarks of which at least one task is among the cells.
        title: what the leaderboard is called.
        generated: ISO date and time of the reading.
        command: what repeats the run.
    """

    cells: Sequence[CellResult]
    benchmarks: Sequence[Benchmark] = ()
    title: str = "leaderboard"
    generated: str = ""
    command: str = ""

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a cell and metric."""
        import pandas as pd  # heavy, and only needed here

        rows: list[dict[str, object]] = []
        for cell in self.cells:
            base: dict[str, object] = {
                "model": cell.model,
                "task": cell.task,
                "regime": cell.regime,
                "formulation": cell.formulation,
                "prompt": cell.prompt,
                "seed": cell.seed,
                "dtype": cell.dtype,
                "split": cell.split,
                "status": cell.status,
                "reason": cell.reason,
            }
            rows += [base | _score_columns(score) for score in cell.scores] or [base]
        return pd.DataFrame(rows)


def _score_columns(score: CellScore) -> dict[str, object]:
    return {
        "metric": score.metric,
        "score": score.value * score.scale,
        "low": None if score.low is None else score.low * score.scale,
        "high": None if score.high is None else score.high * score.scale,
        "n": score.units,
        "signature": score.signature,
        "is_lower_better": score.is_lower_better,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """What a plugin registers for a report format.

    Attributes:
        name: the name behind ``--format``.
        suffix: the file's suffix, such as ``.html``.
        summary: one line for `harness list formats`.
        render: makes the file's text.
    """

    name: str
    suffix: str
    summary: str
    render: Callable[[Results], str]
