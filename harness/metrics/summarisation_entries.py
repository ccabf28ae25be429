"""ROUGE, as the core registers it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from harness.metric import Metric, MetricEntry
from harness.metrics.options import Labels, Options, check_options, read_choice

if TYPE_CHECKING:
    from harness.metrics.summarisation import Part, RougeType

SOURCE = (
    "Lin, ROUGE: A Package for Automatic Evaluation of Summaries (2004); "
    "rouge_scorer.py of rouge-score 0.1.2 (google-research/google-research)"
)
OPTIONS = {
    "stem": "no (the default) or yes: the Porter stemmer",
    "part": "fmeasure (the default), precision or recall",
}
SUMMARIES = {
    "rouge1": "words that prediction and reference share",
    "rouge2": "pairs of words that they share",
    "rougeL": "their longest common subsequence",
    "rougeLsum": "the same sentence by sentence; sentences are lines",
}


def _make(name: str, _labels: Labels, options: Options) -> Metric:
    from harness.metrics.summarisation import Rouge

    check_options(name, options, *OPTIONS)
    part = read_choice(name, options, "part", ("fmeasure", "precision", "recall"))
    return Rouge(
        name=cast("RougeType", name),
        stem=read_choice(name, options, "stem", ("no", "yes")) == "yes",
        part=cast("Part", part),
    )


METRICS: tuple[MetricEntry, ...] = tuple(
    MetricEntry(
        name=name,
        summary=summary,
        make=partial(_make, name),
        options=OPTIONS,
        source=SOURCE,
    )
    for name, summary in SUMMARIES.items()
)
