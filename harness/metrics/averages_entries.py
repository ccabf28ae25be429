"""Precision, recall and averaged F1, as the core registers them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from harness.errors import PluginError
from harness.metric import Metric, MetricEntry
from harness.metrics.options import (
    Labels,
    Options,
    check_labels,
    check_options,
    read_choice,
)

if TYPE_CHECKING:
    from harness.metrics.averages import Average, Quantity

AVERAGES = ("macro", "micro", "weighted")
SOURCE = "sklearn.metrics of scikit-learn, zero_division=0"


def _make_one_or_all(quantity: Quantity, labels: Labels, options: Options) -> Metric:
    check_options(quantity, options, "positive", "average")
    check_labels(quantity, labels)
    if len(options) != 1:
        raise PluginError(
            f"metric {quantity} has {len(options)} options, expected positive=LABEL or "
            f"average={'|'.join(AVERAGES)}: correct the task's metrics"
        )
    if "positive" in options:
        return _of_one(quantity, labels, options)
    average = read_choice(quantity, options, "average", AVERAGES)
    return _over_all(quantity, quantity, average, labels, options)


def _of_one(quantity: Quantity, labels: Labels, options: Options) -> Metric:
    from harness.metrics.averages import OfOneLabel

    positive = options["positive"]
    if len(labels) != 2 or positive not in labels:
        raise PluginError(
            f"metric {quantity} has the option positive={positive} for the labels "
            f"{', '.join(labels)}, expected one of exactly two labels: write "
            f"{quantity},average=macro for more than two"
        )
    return OfOneLabel(
        name=quantity,
        quantity=quantity,
        positive=positive,
        labels=labels,
        options=options,
    )


def _over_all(
    name: str, quantity: Quantity, average: str, labels: Labels, options: Options
) -> Metric:
    from harness.metrics.averages import OverLabels

    return OverLabels(
        name=name,
        quantity=quantity,
        average=cast("Average", average),
        labels=labels,
        options=options,
    )


def _make_f1(average: str, labels: Labels, options: Options) -> Metric:
    name = f"{average}_f1"
    check_options(name, options)
    check_labels(name, labels)
    return _over_all(name, "f1", average, labels, options)


WHICH = {
    "positive": "the label that it is of, one of two",
    "average": "over all labels: macro, micro or weighted",
}
METRICS: tuple[MetricEntry, ...] = (
    MetricEntry(
        name="precision",
        summary="how many of the predicted are right",
        make=partial(_make_one_or_all, "precision"),
        options=WHICH,
        source=SOURCE,
    ),
    MetricEntry(
        name="recall",
        summary="how many of the right are predicted",
        make=partial(_make_one_or_all, "recall"),
        options=WHICH,
        source=SOURCE,
    ),
    MetricEntry(
        name="micro_f1",
        summary="F1 counted over all labels at once",
        make=partial(_make_f1, "micro"),
        source=SOURCE,
    ),
    MetricEntry(
        name="weighted_f1",
        summary="mean of every label's F1 by how often it is right",
        make=partial(_make_f1, "weighted"),
        source=SOURCE,
    ),
)
