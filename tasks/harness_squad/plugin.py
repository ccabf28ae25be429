"""SQuAD: two task rows, the group that shows them, and the official scorers."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Benchmark, OfficialScorer, Task, hookimpl
from harness_squad.rows import SQUAD, TASKS


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register the rows."""
    return TASKS


@hookimpl
def harness_benchmarks() -> Sequence[Benchmark]:
    """Register SQuAD, which has no mean of its versions."""
    return [SQUAD]


@hookimpl
def harness_official_scorers() -> Sequence[OfficialScorer]:
    """Register the scorers of SQuAD 1.1, SQuAD 2.0 and MLQA."""
    from harness_squad.official import SCORERS

    return SCORERS
