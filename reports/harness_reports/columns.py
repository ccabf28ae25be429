"""Columns: which cells may stand under one heading, and what tells columns apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from harness.results import CellResult
from harness_reports.view import Column

Facets = dict[str, str]

_COUNT = re.compile(r"\|n:\d+(?=\||$)")


def slug(text: str) -> str:
    """Return a text that can stand in an address and an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def unique(name: str, taken: set[str]) -> str:
    """Return the name, numbered where it is taken, and take it."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    taken.add(candidate)
    return candidate


def group_columns(cells: Iterable[CellResult]) -> list[list[CellResult]]:
    """Group cells into columns, by order of appearance.

    Cells with the same `metrics_column` share one. So do those that differ in
    nothing but the prompt, where the hash of their data is known to be equal: how a
    model was asked belongs to its row. A cell that could not be asked has no column
    of its own and joins the first of its task.
    """
    by_key: dict[tuple[str, str], list[CellResult]] = defaultdict(list)
    for cell in cells:
        by_key[cell.task, cell.metrics_column].append(cell)
    groups: list[list[CellResult]] = []
    for group in sorted(by_key.values(), key=lambda own: not own[0].metrics_column):
        host = next((g for g in groups if _share_column(g, group)), None)
        if host is None:
            groups.append(group)
        else:
            host.extend(group)
    return groups


def _share_column(host: Sequence[CellResult], group: Sequence[CellResult]) -> bool:
    if host[0].task != group[0].task:
        return False
    if not group[0].metrics_column:
        return True
    one, other = facets_of(host), facets_of(group)
    if not one["metric"] or not other["metric"]:
        # nothing is done here yet, so the metric is not known to differ
        one["metric"] = other["metric"] = ""
    prompts = {c.prompt for c in host}, {c.prompt for c in group}
    return bool(one["data"]) and one == other and prompts[0].isdisjoint(prompts[1])


def facets_of(cells: Sequence[CellResult]) -> Facets:
    """Return what makes a column what it is, apart from its prompt."""
    scored = next((cell for cell in cells if cell.scores), cells[0])
    return {
        "version": f"v{scored.task_version}",
        "split": scored.split,
        "data": scored.provenance.get("data_hash", ""),
        "metric": " + ".join(_COUNT.sub("", s.signature) for s in scored.scores),
    }


def notes_of(groups: Sequence[Sequence[CellResult]]) -> list[str]:
    """Say for each column what sets it apart from the others of its task."""
    by_task: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        by_task[group[0].task].append(index)
    notes = [""] * len(groups)
    for indices in by_task.values():
        facets = [facets_of(groups[index]) for index in indices]
        differing = [name for name in facets[0] if len({f[name] for f in facets}) > 1]
        for index, own in zip(indices, facets, strict=True):
            if len(indices) > 1:
                notes[index] = _note(own, differing, groups[index])
    return notes


def _note(own: Facets, differing: Sequence[str], group: Sequence[CellResult]) -> str:
    write: Mapping[str, Callable[[str], str]] = {
        "data": lambda value: f"data {value[:8]}" if value else "data of unknown hash",
    }
    parts = [write.get(name, str)(own[name]) for name in differing]
    return ", ".join(parts) or group[0].metrics_column


def is_lower_better(cells: Sequence[CellResult]) -> bool:
    """Tell whether the lower of two scores of a column is the better one."""
    scores = [s for cell in cells for s in cell.scores if s.is_headline]
    return bool(scores) and all(score.is_lower_better for score in scores)


def make_column(
    cells: Sequence[CellResult], *, column_id: str, note: str, decimals: int
) -> Column:
    """Make a column of the cells that stand in it."""
    scored = next((cell for cell in cells if cell.scores), cells[0])
    headline = [score for score in scored.scores if score.is_headline]
    scales = {score.scale for score in headline}
    units = [s.units for cell in cells for s in cell.scores if s.is_headline]
    return Column(
        id=column_id,
        task=scored.task,
        title=scored.task_title,
        note=note,
        version=scored.task_version,
        split=scored.split,
        metrics=tuple(score.metric for score in headline),
        units=max(units, default=0),
        scale=scales.pop() if len(scales) == 1 else None,
        is_lower_better=is_lower_better(cells),
        decimals=decimals,
        origin=scored.provenance.get("data", ""),
        data_hash=scored.provenance.get("data_hash", ""),
    )
