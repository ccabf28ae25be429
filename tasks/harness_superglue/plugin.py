"""SuperGLUE: ten task rows and the benchmark that averages eight of them."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Benchmark, OfficialScorer, Task, hookimpl
from harness_superglue.rows import SUPERGLUE, TASKS


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register the rows."""
    return TASKS


@hookimpl
def harness_benchmarks() -> Sequence[Benchmark]:
    """Register SuperGLUE; the diagnostic sets are shown and do not count."""
    return [SUPERGLUE]


@hookimpl
def harness_official_scorers() -> Sequence[OfficialScorer]:
    """Register the official scorers that our metrics equal."""
    from harness_superglue.official import SCORERS

    return SCORERS
