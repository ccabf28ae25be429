"""The leaderboard as values: what a page or a table shows, before any formatting.

Scores are on the displayed scale (mostly 0..100); None is "there is none", and
`Entry.status` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.results import CellResult

Status = Literal["done", "predicted", "undefined", "failed", "blocked", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A caveat that stands beside a number.

    Attributes:
        code: one letter, explained in the page's key.
        name: what the letter stands for.
        text: the caveat with its counts.
    """

    code: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A score with its 95 % interval.

    Attributes:
        value: the score; None where there is none.
        low: lower end of the interval, None where none is known.
        high: upper end.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def half_width(self) -> float | None:
        """Half the interval's width."""
        if self.low is None or self.high is None:
            return None
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricLine:
    """One metric of an entry, merged over its seeds.

    Attributes:
        metric: the metric as the task names it.
        signature: of the first seed.
        estimate: the mean over seeds with the mean of the interval ends.
        deviation: standard deviation over seeds, from two seeds on.
        method: how the intervals were made.
        units: how many units each seed was counted over.
        is_headline: whether it counts for the task's score.
        is_lower_better: whether a lower value is the better one.
    """

    metric: str
    signature: str
    estimate: Estimate
    deviation: float | None
    method: str
    units: int
    is_headline: bool
    is_lower_better: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one row has in one column: the cells of all its seeds, merged.

    Attributes:
        id: unique within the view.
        column: the column's id.
        row: the row's id.
        status: ``predicted`` is a cell whose split has no labels to score by;
            ``undefined`` is a score that is no number, such as the correlation
            with a constant; ``missing`` is a cell that nobody ran.
        estimate: the mean over metrics and seeds.
        method: how its intervals were made; empty where a metric's method says it.
        deviation: standard deviation of the score over seeds, from two seeds on.
        seeds: (seed, score) of every merged cell.
        metrics: every metric, in the task's order.
        flags: what a reader must know beside the number.
        reason: why there is no score, in a line.
        is_best: whether no other model of the column scored higher.
        tint: 0 (lowest) to 4 (highest) within the column; None for no tint.
        cells: the cells behind it, failed ones included.
        confusion: label names and counts[target][predicted], summed over seeds.
    """

    id: str
    column: str
    row: str
    status: Status
    estimate: Estimate = Estimate()
    method: str = ""
    deviation: float | None = None
    seeds: tuple[tuple[int, float], ...] = ()
    metrics: tuple[MetricLine, ...] = ()
    flags: tuple[Flag, ...] = ()
    reason: str | None = None
    is_best: bool = False
    tint: int | None = None
    cells: tuple[CellResult, ...] = ()
    confusion: tuple[tuple[str, ...], tuple[tuple[int, ...], ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One task as it was measured in one way.

    Attributes:
        id: unique within the view, usable in an address.
        task: task id.
        title: the task's name as its authors write it.
        note: what sets it apart from other columns of the same task; empty where
            it is the only one.
        version: the task row's version.
        split: the evaluated split.
        metrics: the headline metrics' names.
        units: the largest number of units that a score of it was counted over.
        scale: what scores were multiplied by; None where metrics differ in scale.
        is_lower_better: whether lower scores are the better ones.
        decimals: how many decimals its intervals bear.
        origin: where the data came from, as provenance has it.
        data_hash: hash of the evaluated data.
    """

    id: str
    task: str
    title: str
    note: str
    version: int
    split: str
    metrics: tuple[str, ...]
    units: int
    scale: float | None
    is_lower_better: bool
    decimals: int
    origin: str
    data_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCost:
    """What a row's cells of one section took; None is "not measured".

    Attributes:
        examples_per_s: examples over seconds, over all cells that measured both.
        peak_memory_bytes: the largest of the cells.
        parameters: the largest of the cells.
        trained_parameters: those of them that training updated, likewise.
        train_seconds: summed over tasks, averaged over seeds.
        padding: share of computed positions that held no token, over all cells that
            measured it.
    """

    examples_per_s: float | None = None
    peak_memory_bytes: int | None = None
    parameters: int | None = None
    trained_parameters: int | None = None
    train_seconds: float | None = None
    padding: float | None = None

    @property
    def part_trained(self) -> int | None:
        """How many parameters training updated, where that was a part of them."""
        if self.trained_parameters is None or self.parameters is None:
            return None
        is_part = self.trained_parameters < self.parameters
        return self.trained_parameters if is_part else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A row's one number in a section.

    Attributes:
        estimate: the aggregate; its value is None unless it may be shown.
        have: how many of the parts have a score.
        of: how many parts there are.
        flags: caveats of the entries it is made of.
    """

    estimate: Estimate = Estimate()
    have: int = 0
    of: int = 0
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """A model, the same everywhere on the page.

    Attributes:
        id: unique within the view, usable in an address.
        name: the full name.
        short: the name's last part where that is unique.
        is_baseline: whether it is a baseline.
        color: index of its colour, None for baselines.
        marker: index of its marker's shape.
        parameters: how many parameters it has, None where unknown.
        cells: all its cells.
    """

    id: str
    name: str
    short: str
    is_baseline: bool
    color: int | None
    marker: int
    parameters: int | None
    cells: tuple[CellResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A model in one regime, with settings and formulation.

    Attributes:
        id: unique within the view, usable in an address.
        model: the model.
        label: the shortest text that tells it from the other rows.
        regime: how the model learnt the task.
        settings: the regime's settings, as ``key=value``.
        formulation: how it was asked; empty for baselines.
        precision: ``bf16`` or ``fp16``; empty for fp32, and where none is known.
        prompt: the prompt's name where it tells two rows apart; else empty.
        seeds: how many seeds its cells have.
        telling: whether its settings tell it from another row.
        facts: provenance that all its cells agree on, such as the base weights.
    """

    id: str
    model: ModelView
    label: str
    regime: str
    settings: str
    formulation: str
    precision: str
    prompt: str
    seeds: int
    telling: bool
    facts: Mapping[str, str]

    @property
    def brief(self) -> str:
        """Details without settings that all rows of the model share."""
        return self._line(self.settings if self.telling else "")

    @property
    def details(self) -> str:
        """Regime, settings, formulation, precision and prompt, without empty ones."""
        return self._line(self.settings)

    def _line(self, settings: str) -> str:
        asked = (self.formulation, self.precision, self.prompt)
        return " · ".join(part for part in (self.regime, settings, *asked) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A row within a section.

    Attributes:
        row: the row.
        rank: its rank, None where it is not ranked.
        headline: its one number.
        entries: one for each column of the section, in order.
        cost: what its cells of this section took.
    """

    row: Row
    rank: int | None
    headline: Headline
    entries: tuple[Entry, ...]
    cost: RowCost


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A benchmark, or the tasks that belong to none.

    Attributes:
        id: unique within the view, usable in an address.
        title: the benchmark's name.
        source: where its aggregate is defined.
        headline_title: what the rows' one number is called; None where there is none.
        headline_note: the split it was measured on, where that is not the test split.
        headline_decimals: how many decimals its intervals bear.
        is_lower_better: whether the rows with the lower number are the better ones.
        ranking: what the rank goes by, as a sentence.
        columns: its columns, in the benchmark's order.
        models: models' rows, best first.
        baselines: baselines' rows, best first.
    """

    id: str
    title: str
    source: str = ""
    headline_title: str | None
    headline_note: str = ""
    headline_decimals: int = 1
    is_lower_better: bool = False
    ranking: str
    columns: tuple[Column, ...]
    models: tuple[Standing, ...] = ()
    baselines: tuple[Standing, ...] = ()

    @property
    def headline_column(self) -> str | None:
        """The title of the rows' one number; None where a task's column shows it."""
        titles = [column.title for column in self.columns]
        is_shown = len(titles) == 1 or self.headline_title in titles
        return None if is_shown else self.headline_title


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One column with all that it holds.

    Attributes:
        column: the column.
        entries: (row, entry) of every row that has cells here, best first, baselines
            last.
        facts: provenance that all its cells agree on, such as the training data.
    """

    column: Column
    facts: Mapping[str, str]
    entries: tuple[tuple[Row, Entry], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """What the cells of one run have in common, stored once.

    Attributes:
        id: usable in an address.
        name: the run's own id; empty where cells name none.
        facts: provenance that is the same for all its cells.
        cells: how many cells of it are shown.
    """

    id: str
    name: str
    facts: Mapping[str, str]
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A whole leaderboard.

    Attributes:
        title: what the leaderboard is called.
        generated: ISO date and time of the reading.
        command: what repeats the run.
        sections: benchmarks in order, then ungrouped tasks.
        tasks: every column with its entries, in the order of the sections.
        rows: every row, by order of appearance.
        models: every model, baselines last.
        runs: every run that a cell came from.
        is_sample: whether any cell was measured on generated sample data. Where all
            were, the entries carry no flag for it.
        counts: cells by status, ``missing`` included.
        problems: contradictions among the cells, each in a line.
    """

    title: str
    generated: str
    command: str
    sections: tuple[Section, ...]
    tasks: tuple[TaskView, ...]
    rows: tuple[Row, ...]
    models: tuple[ModelView, ...]
    runs: tuple[RunView, ...]
    is_sample: bool
    counts: Mapping[Status, int]
    problems: tuple[str, ...] = ()
