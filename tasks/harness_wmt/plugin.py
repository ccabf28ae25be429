"""The WMT translation test sets, and sacreBLEU as their scorer and their source."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Benchmark, DataSourceEntry, OfficialScorer, Task, hookimpl
from harness_wmt.rows import TASKS, WMT
from harness_wmt.sacrebleu_source import SACREBLEU


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register a task for every test set and language pair."""
    return TASKS


@hookimpl
def harness_benchmarks() -> Sequence[Benchmark]:
    """Register WMT, which has no one score over years and pairs."""
    return [WMT]


@hookimpl
def harness_data_sources() -> Sequence[DataSourceEntry]:
    """Register sacreBLEU's downloads."""
    return [SACREBLEU]


@hookimpl
def harness_official_scorers() -> Sequence[OfficialScorer]:
    """Register sacreBLEU's scores, tokenizers and paired tests."""
    from harness_wmt.official import SCORERS

    return SCORERS
