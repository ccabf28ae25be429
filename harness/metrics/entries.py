"""The metrics that the core registers; numpy loads when one is made."""

from __future__ import annotations

from collections.abc import Mapping

from harness.errors import PluginError
from harness.metric import Metric, MetricEntry
from harness.metrics.options import check_labels, check_options

JIANT = (
    "nyu-mll/jiant jiant/tasks/evaluate/core.py at commit "
    "daa5a258e3af5e7503288de8401429eaf3f58e13"
)
POSITIVE = "the label whose F1 it is"
UNPARSABLE = "the number that an unreadable prediction counts as; undefined without"

Labels = tuple[str, ...]
Options = Mapping[str, str]


def _make_accuracy(labels: Labels, options: Options) -> Metric:
    from harness.metrics.classification import Accuracy

    check_options("accuracy", options)
    return Accuracy(labels=labels)


def _make_f1(labels: Labels, options: Options) -> Metric:
    from harness.metrics.classification import F1

    check_options("f1", options, "positive")
    positive = options.get("positive")
    if len(labels) != 2 or positive not in labels:
        raise PluginError(
            f"metric f1 has the option positive={positive} for the labels "
            f"{', '.join(labels) or 'none'}, expected one of exactly two labels: write "
            "f1,positive=LABEL, or macro_f1 for more than two"
        )
    return F1(labels=labels, options=options, positive=positive)


def _make_macro_f1(labels: Labels, options: Options) -> Metric:
    from harness.metrics.classification import MacroF1

    check_options("macro_f1", options)
    check_labels("macro_f1", labels)
    return MacroF1(labels=labels)


def _make_matthews(labels: Labels, options: Options) -> Metric:
    from harness.metrics.classification import Matthews

    check_options("matthews", options)
    check_labels("matthews", labels)
    return Matthews(labels=labels)


def _make_pearson(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.correlation import Pearson

    unparsable = _read_unparsable("pearson", options)
    return Pearson(unparsable=unparsable, options=options)


def _make_spearman(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.correlation import Spearman

    unparsable = _read_unparsable("spearman", options)
    return Spearman(unparsable=unparsable, options=options)


def _read_unparsable(metric: str, options: Options) -> float | None:
    check_options(metric, options, "unparsable")
    text = options.get("unparsable")
    try:
        return None if text is None else float(text)
    except ValueError as error:
        raise PluginError(
            f"metric {metric} has the option unparsable={text}, expected a number: "
            "correct the task's metrics"
        ) from error


UNCORRELATED = "a side is constant, or a prediction is no number"
METRICS: tuple[MetricEntry, ...] = (
    MetricEntry(
        name="accuracy",
        summary="share of right predictions",
        make=_make_accuracy,
        source=f"SimpleAccuracyEvaluationScheme in {JIANT}",
    ),
    MetricEntry(
        name="f1",
        summary="F1 of one of two labels",
        make=_make_f1,
        options={"positive": POSITIVE},
        source=f"AccAndF1EvaluationScheme in {JIANT}",
    ),
    MetricEntry(
        name="macro_f1",
        summary="mean of every label's F1",
        make=_make_macro_f1,
        source=f"CommitmentBankEvaluationScheme in {JIANT}",
    ),
    MetricEntry(
        name="matthews",
        summary="Matthews correlation for two or more labels",
        make=_make_matthews,
        source=f"MCCEvaluationScheme in {JIANT}",
    ),
    MetricEntry(
        name="pearson",
        summary="Pearson correlation of numbers",
        make=_make_pearson,
        undefined=UNCORRELATED,
        options={"unparsable": UNPARSABLE},
        source=f"PearsonAndSpearmanEvaluationScheme in {JIANT}",
    ),
    MetricEntry(
        name="spearman",
        summary="Spearman rank correlation of numbers",
        make=_make_spearman,
        undefined=UNCORRELATED,
        options={"unparsable": UNPARSABLE},
        source=f"PearsonAndSpearmanEvaluationScheme in {JIANT}",
    ),
)
