"""SQuAD, XQuAD and MLQA: rows, the groups that show them, and the official scorers."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Benchmark, OfficialScorer, Task, hookimpl
from harness_squad.languages import MLQA, MLQA_TASKS, XQUAD, XQUAD_TASKS
from harness_squad.rows import SQUAD, TASKS


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register the rows."""
    return [*TASKS, *XQUAD_TASKS, *MLQA_TASKS]


@hookimpl
def harness_benchmarks() -> Sequence[Benchmark]:
    """Register the three, none of which has a mean over all its rows."""
    return [SQUAD, XQUAD, MLQA]


@hookimpl
def harness_official_scorers() -> Sequence[OfficialScorer]:
    """Register the scorers of SQuAD 1.1, SQuAD 2.0 and MLQA."""
    from harness_squad.official import SCORERS

    return SCORERS
