"""GLUE: eleven task rows and the benchmark that averages ten of them."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Benchmark, OfficialScorer, Task, hookimpl
from harness_glue.rows import GLUE, TASKS


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register the rows."""
    return TASKS


@hookimpl
def harness_benchmarks() -> Sequence[Benchmark]:
    """Register GLUE; the diagnostic set is shown and does not count."""
    return [GLUE]


@hookimpl
def harness_official_scorers() -> Sequence[OfficialScorer]:
    """Register the official scorers that our metrics equal."""
    from harness_glue.official import SCORERS

    return SCORERS
