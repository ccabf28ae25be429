"""Rows and models: who stands on the left, under which name and colour."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from harness.results import CellResult
from harness_reports.columns import slug, unique
from harness_reports.provenance import ROW_FACTS, agreed
from harness_reports.view import ModelView, Row

RowKey = tuple[str, str, str, str, str, str]
"""Model, regime, settings, formulation, precision, and the prompt where rows need it."""

Way = tuple[str, str]
"""A regime and its settings."""

COLORS = 6
_OWNER_AND_NAME = re.compile(r"^[\w-]+:[\w.-]+/([\w.-]+)$")


def group_rows(cells: Sequence[CellResult]) -> dict[RowKey, list[CellResult]]:
    """Group cells into rows, by order of appearance.

    A row that was asked the same task with several prompts is split by prompt. What
    could not be asked joins the first row of its model, regime and settings that has
    no other cell of its task.
    """
    prompts: dict[tuple[tuple[str, ...], str], set[str | None]]
    prompts = defaultdict(set)
    for cell in cells:
        prompts[cell.row, cell.task].add(cell.prompt)
    split = {row for (row, _), names in prompts.items() if len(names) > 1}
    rows: dict[RowKey, list[CellResult]] = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: not cell.metrics_column):
        prompt = (cell.prompt or "no prompt") if cell.row in split else ""
        key = (*cell.row, prompt)
        if not cell.metrics_column:
            key = next((other for other in rows if _may_join(cell, rows[other])), key)
        rows[key].append(cell)
    return dict(rows)


def _may_join(cell: CellResult, row: Sequence[CellResult]) -> bool:
    is_free = all(other.task != cell.task for other in row)
    return is_free and row[0].row[:3] == cell.row[:3]


def make_models(cells: Sequence[CellResult]) -> dict[str, ModelView]:
    """Make every model of the cells, baselines last, with colours in order."""
    by_name: dict[str, list[CellResult]] = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: cell.is_baseline):
        by_name[cell.model].append(cell)
    shorts = _short_names(list(by_name))
    taken: set[str] = set()
    models: dict[str, ModelView] = {}
    colored = 0
    for name, own in by_name.items():
        is_baseline = own[0].is_baseline
        parameters = [c.cost.parameters for c in own if c.cost.parameters is not None]
        models[name] = ModelView(
            id=unique(f"model-{slug(shorts[name])}", taken),
            name=name,
            short=shorts[name],
            is_baseline=is_baseline,
            color=None if is_baseline else colored % COLORS,
            marker=0 if is_baseline else colored // COLORS,
            parameters=max(parameters, default=None),
            cells=tuple(own),
        )
        colored += not is_baseline
    return models


def _short_names(names: Sequence[str]) -> dict[str, str]:
    """Drop adapter and owner where what remains is still unique."""
    shorts = {name: _short(name) for name in names}
    uses = Counter(shorts.values())
    return {name: s if uses[s] == 1 else name for name, s in shorts.items()}


def _short(name: str) -> str:
    found = _OWNER_AND_NAME.match(name)
    return found.group(1) if found else name.removesuffix(":")


def make_rows(
    grouped: Mapping[RowKey, Sequence[CellResult]], models: Mapping[str, ModelView]
) -> dict[RowKey, Row]:
    """Make a row of every group."""
    labels = _labels({key: models[key[0]].short for key in grouped})
    taken: set[str] = set()
    return {
        key: Row(
            id=unique(f"row-{slug(labels[key])}", taken),
            model=models[key[0]],
            label=labels[key],
            regime=key[1],
            settings=key[2].replace(",", ", "),
            formulation=key[3],
            precision=key[4],
            prompt=key[5],
            seeds=len({cell.seed for cell in cells}),
            facts=agreed(cells, ROW_FACTS),
            telling=2 in _telling([k for k in grouped if k[0] == key[0]]),
        )
        for key, cells in grouped.items()
    }


def _telling(keys: Sequence[RowKey]) -> list[int]:
    """Return the parts of the keys that it takes to tell them apart, in order."""
    telling: list[int] = []
    groups = 1
    for part in range(1, 6):
        split = len({tuple(key[i] for i in (*telling, part)) for key in keys})
        if split > groups:
            telling.append(part)
            groups = split
    return telling


def _labels(shorts: Mapping[RowKey, str]) -> dict[RowKey, str]:
    """Return the model's short name with whatever tells its rows apart."""
    by_model: dict[str, list[RowKey]] = defaultdict(list)
    for key in shorts:
        by_model[key[0]].append(key)
    labels: dict[RowKey, str] = {}
    for keys in by_model.values():
        telling = _telling(keys)
        differing = differing_settings([(key[1], key[2]) for key in keys])
        for key in keys:
            told = [*key[:2], differing[key[1], key[2]] or key[2], *key[3:]]
            parts = [shorts[key], *(told[i] for i in telling if told[i])]
            labels[key] = " · ".join(parts)
    return labels


def differing_settings(ways: Sequence[Way]) -> dict[Way, str]:
    """Return what tells each regime's settings from others of the same regime.

    Args:
        ways: regimes, each with its settings as ``key=value,key=value``.
    """
    by_regime: dict[str, list[set[str]]] = defaultdict(list)
    for regime, settings in dict.fromkeys(ways):
        by_regime[regime].append(set(settings.split(",")))
    shared = {regime: set.intersection(*all_) for regime, all_ in by_regime.items()}
    return {
        (regime, settings): ",".join(
            one for one in settings.split(",") if one not in shared[regime]
        )
        for regime, settings in ways
    }
