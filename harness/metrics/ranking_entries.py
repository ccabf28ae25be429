"""The ranking metrics that the core registers; numpy loads when one is made."""

from __future__ import annotations

from harness.metric import Metric, MetricEntry
from harness.metrics.code.entries import CODEXGLUE
from harness.metrics.options import Labels, Options, check_options


def _make_map_at_r(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.ranking import MeanAveragePrecision

    check_options("map_at_r", options)
    return MeanAveragePrecision()


def _make_mrr(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.ranking import MeanReciprocalRank

    check_options("mrr", options)
    return MeanReciprocalRank()


METRICS: tuple[MetricEntry, ...] = (
    MetricEntry(
        name="map_at_r",
        summary="mean average precision over the first R ids, R of them being right",
        make=_make_map_at_r,
        undefined="no two of the examples are of one class",
        source=f"Code-Code/Clone-detection-POJ-104 in {CODEXGLUE}",
    ),
    MetricEntry(
        name="mrr",
        summary="mean reciprocal rank of the right id",
        make=_make_mrr,
        source=f"Text-Code/NL-code-search-Adv in {CODEXGLUE}",
    ),
)
