"""What the core brings along, registered as any plugin would."""

from __future__ import annotations

from collections.abc import Sequence

from harness.data import DataSourceEntry
from harness.data.folder import FOLDER
from harness.data.hub import HUB
from harness.data.sample import SAMPLE
from harness.executors import ExecutorEntry
from harness.executors.in_process import IN_PROCESS
from harness.hookspecs import hookimpl
from harness.metric import MetricEntry
from harness.metrics import (
    averages_entries,
    choices_entries,
    entries,
    likelihood_entries,
    ranking_entries,
    span_entries,
    summarisation_entries,
    tagging_entries,
    translation_entries,
)
from harness.metrics.code import entries as code_entries


@hookimpl
def harness_executors() -> Sequence[ExecutorEntry]:
    """Register the executor that needs nothing."""
    return [IN_PROCESS]


@hookimpl
def harness_data_sources() -> Sequence[DataSourceEntry]:
    """Register the Hub, a folder and the built-in sample."""
    return [HUB, FOLDER, SAMPLE]


@hookimpl
def harness_metrics() -> Sequence[MetricEntry]:
    """Register the metrics that the official scorers use."""
    return [
        *averages_entries.METRICS,
        *choices_entries.METRICS,
        *code_entries.METRICS,
        *entries.METRICS,
        *likelihood_entries.METRICS,
        *ranking_entries.METRICS,
        *span_entries.METRICS,
        *summarisation_entries.METRICS,
        *tagging_entries.METRICS,
        *translation_entries.METRICS,
    ]
