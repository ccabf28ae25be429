"""The markdown report: the leaderboard's tables, rounded as the page rounds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harness.results import Results
from harness_reports.leaderboard import build_view
from harness_reports.numbers import fixed, memory, percent, plus_minus, significant
from harness_reports.view import (
    Column,
    Entry,
    Headline,
    Section,
    Standing,
    TaskView,
    View,
)
from harness_reports.words import LOWER_IS_BETTER, letters

_STATUS_WORDS = {
    "predicted": "predicted, not scored",
    "undefined": "undefined",
    "failed": "failed",
    "blocked": "blocked",
    "missing": "-",
}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def to_markdown(results: Results) -> str:
    """Return the tables with ranks, intervals, flags, reasons and signatures."""
    view = build_view(results)
    lines = [f"# {escape(view.title)}", "", *_warnings(view)]
    for section in view.sections:
        lines += [*_section(section), ""]
    lines += _notes(view)
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Make a text inert in markdown, tables included."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _warnings(view: View) -> Iterator[str]:
    if view.is_sample:
        yield "> **Built on generated sample data**: shows that the machinery works, says nothing about models."
        yield ""
    for problem in view.problems:
        yield f"> **Contradiction**: {escape(problem)}"
        yield ""


def _section(section: Section) -> Iterator[str]:
    yield f"## {escape(section.title)}"
    yield ""
    ranking = section.ranking[:1].upper() + section.ranking[1:]
    yield f"{escape(ranking)}. Intervals are 95 %."
    yield ""
    heads = ["rank", "model"]
    heads += _headline_heads(section)
    heads += [_column_title(column) for column in section.columns]
    heads += ["examples/s", "padding", "memory"]
    yield _line([escape(head) for head in heads])
    yield _line(["--:", ":--", *["--:"] * (len(heads) - 2)])
    for standing in (*section.models, *section.baselines):
        yield _line(_cells(section, standing))
    yield ""
    key = [f"<sup>{flag.code}</sup> {flag.name}" for flag in letters(section)]
    yield ", ".join(key)


def _headline_heads(section: Section) -> list[str]:
    title = section.headline_column
    if title is None:
        return []
    better = LOWER_IS_BETTER if section.is_lower_better else ""
    notes = ", ".join(note for note in (section.headline_note, better) if note)
    return [f"{title} ({notes})" if notes else title]


def _column_title(column: Column) -> str:
    better = LOWER_IS_BETTER if column.is_lower_better else ""
    notes = ", ".join(note for note in (column.note, better) if note)
    return f"{column.title} ({notes})" if notes else column.title


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cells(section: Section, standing: Standing) -> Iterator[str]:
    row = standing.row
    yield "·" if standing.rank is None else str(standing.rank)
    yield escape(f"{row.model.short} ({row.details})")
    if section.headline_column:
        yield _headline(standing.headline, section.headline_decimals)
    for column, entry in zip(section.columns, standing.entries, strict=True):
        yield _entry(entry, column.decimals)
    yield significant(standing.cost.examples_per_s)
    yield percent(standing.cost.padding)
    yield memory(standing.cost.peak_memory_bytes)


def _headline(headline: Headline, decimals: int) -> str:
    estimate = headline.estimate
    if estimate.value is None:
        return f"{headline.have} of {headline.of}"
    return f"{fixed(estimate.value, decimals)} {plus_minus(estimate, decimals)}".strip()


def _entry(entry: Entry, decimals: int) -> str:
    if entry.status != "done":
        return _STATUS_WORDS[entry.status]
    number = fixed(entry.estimate.value, decimals)
    parts = [f"**{number}**" if entry.is_best else number]
    parts += [plus_minus(entry.estimate, decimals)]
    if entry.deviation is not None:
        seeds = len(entry.seeds)
        parts += [f"({seeds} seeds, sd {fixed(entry.deviation, max(decimals, 1))})"]
    parts += ["".join(f"<sup>{flag.code}</sup>" for flag in entry.flags)]
    return " ".join(part for part in parts if part)


def _notes(view: View) -> Iterator[str]:
    yield "## Notes"
    yield ""
    for task in view.tasks:
        yield from _task_notes(task)
    if view.command:
        yield f"- repeat: `{view.command}`"
    if view.generated:
        yield f"- generated {escape(view.generated)}"


def _task_notes(task: TaskView) -> Iterator[str]:
    column = task.column
    signatures = dict.fromkeys(
        line.signature for _, entry in task.entries for line in entry.metrics
    )
    of = f"{column.task} v{column.version}, {column.split}"
    title = escape(_column_title(column))
    yield f"- {title}: {escape(of)}; " + ", ".join(f"`{s}`" for s in signatures)
    for row, entry in task.entries:
        if entry.status in ("failed", "blocked"):
            reason = escape(entry.reason or "no reason is stored")
            yield f"  - {escape(row.label)} {entry.status}: {reason}"
