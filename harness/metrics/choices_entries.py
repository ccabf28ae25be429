"""The metrics of examples that belong together; numpy loads when one is made."""

from __future__ import annotations

from collections.abc import Mapping

from harness.errors import PluginError
from harness.metric import Metric, MetricEntry

JIANT = (
    "nyu-mll/jiant jiant/tasks/evaluate/core.py at commit "
    "daa5a258e3af5e7503288de8401429eaf3f58e13"
)
POSITIVE = "the label of an answer that is right"

Labels = tuple[str, ...]
Options = Mapping[str, str]


def _make_question_f1(labels: Labels, options: Options) -> Metric:
    from harness.metrics.choices import QuestionF1

    positive = _positive("question_f1", labels, options)
    return QuestionF1(labels=labels, options=options, positive=positive)


def _make_question_exact_match(labels: Labels, options: Options) -> Metric:
    from harness.metrics.choices import QuestionExactMatch

    positive = _positive("question_exact_match", labels, options)
    return QuestionExactMatch(labels=labels, options=options, positive=positive)


def _make_pair_parity(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.choices import PairParity

    return PairParity(options=options)


def _positive(metric: str, labels: Labels, options: Options) -> str:
    positive = options.get("positive")
    if positive is None or len(labels) != 2 or positive not in labels:
        raise PluginError(
            f"metric {metric} has the option positive={positive} for the labels "
            f"{', '.join(labels) or 'none'}, expected one of exactly two labels: write "
            f"{metric},positive=LABEL"
        )
    return positive


METRICS: tuple[MetricEntry, ...] = (
    MetricEntry(
        name="question_f1",
        summary="F1 over all candidate answers, resampled by question",
        make=_make_question_f1,
        options={"positive": POSITIVE},
        source=f"MultiRCEvaluationScheme in {JIANT}",
    ),
    MetricEntry(
        name="question_exact_match",
        summary="share of questions whose answers are all judged rightly",
        make=_make_question_exact_match,
        options={"positive": POSITIVE},
        source=f"MultiRCEvaluationScheme in {JIANT}",
    ),
    MetricEntry(
        name="pair_parity",
        summary="share of swapped pairs that get the same prediction",
        make=_make_pair_parity,
        undefined="no pair is whole",
        source="GenderParity in nyu-mll/jiant-v1-legacy "
        "jiant/metrics/winogender_metrics.py at commit "
        "8be1fade2339ec29a56d554c8e88dbd999f787a3",
    ),
)
