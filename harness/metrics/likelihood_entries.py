"""Perplexities, as the core registers them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from harness.metric import Metric, MetricEntry
from harness.metrics.options import Labels, Options, check_options

if TYPE_CHECKING:
    from harness.metrics.likelihood import Unit

SOURCE = (
    "weighted_perplexity, bits_per_byte and perplexity of EleutherAI/"
    "lm-evaluation-harness lm_eval/api/metrics.py at commit "
    "4e7e0d47f33bc71070c1d38394bafbb52b117163"
)


def _make_perplexity(name: str, per: str, _labels: Labels, options: Options) -> Metric:
    from harness.metrics.likelihood import Perplexity

    check_options(name, options)
    return Perplexity(name=name, per=cast("Unit", per))


def _make_bits(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.likelihood import Bits

    check_options("bits_per_byte", options)
    return Bits(name="bits_per_byte", per="byte")


def _make_greedy(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.likelihood import GreedyAccuracy

    check_options("greedy_accuracy", options)
    return GreedyAccuracy()


PERPLEXITIES = {
    "word_perplexity": ("word", "perplexity of a word: a piece between white space"),
    "byte_perplexity": ("byte", "perplexity of a byte of UTF-8"),
    "token_perplexity": ("token", "perplexity of a model's own token"),
    "document_perplexity": (
        "document",
        "exponential of the mean negative log-likelihood of a document, as LAMBADA's",
    ),
}
METRICS: tuple[MetricEntry, ...] = (
    *(
        MetricEntry(
            name=name,
            summary=summary,
            make=partial(_make_perplexity, name, per),
            source=SOURCE,
            falls_short="certainty has the perplexity 1",
        )
        for name, (per, summary) in PERPLEXITIES.items()
    ),
    MetricEntry(
        name="bits_per_byte",
        summary="bits that a byte of UTF-8 takes",
        make=_make_bits,
        source=SOURCE,
    ),
    MetricEntry(
        name="greedy_accuracy",
        summary="share of last words that the model would have written itself",
        make=_make_greedy,
        source="lambada_openai of EleutherAI/lm-evaluation-harness, release 0.4.13",
    ),
)
