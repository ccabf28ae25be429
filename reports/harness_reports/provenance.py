"""Provenance, stored once: what all cells of a run share, and what is a cell's own."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from harness.results import CellResult
from harness_reports.columns import slug, unique
from harness_reports.view import RunView

RUN = "run"

COLUMN_FACTS = ("data", "data_hash", "trained_on", "trained_on_hash")
"""What belongs to a column where its cells agree."""

ROW_FACTS = ("base_weights", "settings", "model_")
"""What belongs to a row where its cells agree."""


def make_runs(cells: Sequence[CellResult]) -> dict[str, RunView]:
    """Return every run by its name, with the facts that all its cells share."""
    by_run: dict[str, list[CellResult]] = defaultdict(list)
    for cell in cells:
        by_run[cell.provenance.get(RUN, "")].append(cell)
    taken: set[str] = set()
    return {
        name: RunView(
            id=unique(f"run-{slug(name or 'unnamed')}", taken),
            name=name,
            facts=_shared([cell.provenance for cell in own]),
            cells=len(own),
        )
        for name, own in by_run.items()
    }


def _shared(all_facts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = all_facts
    return {
        key: value
        for key, value in first.items()
        if key != RUN and all(other.get(key) == value for other in others)
    }


def agreed(cells: Sequence[CellResult], keys: Sequence[str]) -> dict[str, str]:
    """Return the facts of these keys that are the same wherever a cell has them.

    A key that ends in an underscore stands for all that begin with it.
    """
    known = dict.fromkeys(key for cell in cells for key in cell.provenance)
    wanted = [key for key in known if key in keys or key.startswith(_prefixes(keys))]
    found = {
        key: {c.provenance[key] for c in cells if key in c.provenance} for key in wanted
    }
    return {key: values.pop() for key, values in found.items() if len(values) == 1}


def _prefixes(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if key.endswith("_"))


def own_facts(cell: CellResult, *told: Mapping[str, str]) -> dict[str, str]:
    """Return a cell's provenance without what its run, row or column already says."""
    return {
        key: value
        for key, value in cell.provenance.items()
        if key != RUN and not any(key in facts for facts in told)
    }


def contradictions(cells: Sequence[CellResult]) -> list[str]:
    """Name every fingerprint whose cells are done but disagree in a score."""
    scores: dict[str, set[tuple[float, ...]]] = defaultdict(set)
    titles: dict[str, str] = {}
    for cell in cells:
        if cell.status == "done":
            values = (score.value for score in cell.scores)
            scores[cell.fingerprint].add(tuple(filter(math.isfinite, values)))
            titles[cell.fingerprint] = f"{cell.model} on {cell.task}, seed {cell.seed}"
    return [
        f"{titles[name]}: the same cell ({name[:12]}) was stored with different scores"
        for name, found in scores.items()
        if len(found) > 1
    ]
