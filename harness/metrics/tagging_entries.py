"""Metrics over tags, as the core registers them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from harness.metric import Metric, MetricEntry
from harness.metrics.options import Labels, Options, check_options

if TYPE_CHECKING:
    from harness.metrics.tagging import Quantity

SOURCE = (
    "conlleval, the script of Tjong Kim Sang and De Meulder, Introduction to the "
    "CoNLL-2003 Shared Task (CoNLL 2003)"
)
SUMMARIES = {
    "f1": "F1 over named entities, all types together",
    "precision": "how many of the entities found are right",
    "recall": "how many of the right entities are found",
}


def _make_entity_score(quantity: str, _labels: Labels, options: Options) -> Metric:
    from harness.metrics.tagging import EntityScore

    check_options(f"entity_{quantity}", options)
    return EntityScore(quantity=cast("Quantity", quantity))


def _make_tag_accuracy(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.tagging import TagAccuracy

    check_options("tag_accuracy", options)
    return TagAccuracy()


METRICS: tuple[MetricEntry, ...] = (
    *(
        MetricEntry(
            name=f"entity_{quantity}",
            summary=summary,
            make=partial(_make_entity_score, quantity),
            source=SOURCE,
        )
        for quantity, summary in SUMMARIES.items()
    ),
    MetricEntry(
        name="tag_accuracy",
        summary="share of words with the right tag",
        make=_make_tag_accuracy,
        source=SOURCE,
    ),
)
