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
from harness.metrics.averages_entries import AVERAGE_METRICS
from harness.metrics.entries import METRICS
from harness.metrics.likelihood_entries import LIKELIHOOD_METRICS
from harness.metrics.summarisation_entries import SUMMARISATION_METRICS
from harness.metrics.tagging_entries import TAGGING_METRICS
from harness.metrics.translation_entries import TRANSLATION_METRICS


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
        *METRICS,
        *AVERAGE_METRICS,
        *LIKELIHOOD_METRICS,
        *SUMMARISATION_METRICS,
        *TAGGING_METRICS,
        *TRANSLATION_METRICS,
    ]
