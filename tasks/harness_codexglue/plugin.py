"""CodeXGLUE: ten tasks on fourteen data sets of code."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Benchmark, Task, hookimpl
from harness.official import OfficialScorer
from harness_codexglue.rows import CODEXGLUE, TASKS


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register the rows."""
    return TASKS


@hookimpl
def harness_benchmarks() -> Sequence[Benchmark]:
    """Register CodeXGLUE, which has no score over all its tasks."""
    return [CODEXGLUE]


@hookimpl
def harness_official_scorers() -> Sequence[OfficialScorer]:
    """Register the official scorers of all tasks, CodeBLEU among them."""
    from harness_codexglue.official import SCORERS

    return SCORERS
