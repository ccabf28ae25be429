"""The official scorers of summaries and of perplexity, as our metrics equal them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from harness import DataError, Example, HarnessError, OfficialScorer, Prediction
from harness.metric import Metric
from harness.official import Inputs, Outputs, make_metric

GOLDEN = Path(__file__).parent / "golden"
ROUGE_SOURCE = (
    "rouge/rouge_scorer.py of google-research/google-research, rouge-score 0.1.2"
)
PERPLEXITY_SOURCE = (
    "lm_eval/api/metrics.py of EleutherAI/lm-evaluation-harness at commit "
    "4e7e0d47f33bc71070c1d38394bafbb52b117163"
)
TYPES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
PARTS = ("precision", "recall", "fmeasure")
PERPLEXITIES = {
    "word_perplexity": "word_perplexity",
    "byte_perplexity": "byte_perplexity",
    "bits_per_byte": "bits_per_byte",
    "token_perplexity": "token_perplexity",
    "document_perplexity_unweighted": "document_perplexity",
}
"""The official key of each of our metrics."""


def score_rouge(inputs: Inputs) -> Outputs:
    """Return every ROUGE with and without stemmer: means, and each item's own.

    Raises:
        DataError: an input is no text, or there is nothing to score.
    """
    predictions = [
        Prediction(id=str(n), value=text)
        for n, text in enumerate(inputs["predictions"], start=1)
    ]
    examples = [
        Example(id=str(n), columns={}, target=target)
        for n, target in enumerate(inputs["references"], start=1)
    ]
    return {
        "no_stemmer": _rouge(predictions, examples, "no"),
        "stemmer": _rouge(predictions, examples, "yes"),
    }


def _rouge(
    predictions: Sequence[Prediction], examples: Sequence[Example], stem: str
) -> Outputs:
    from harness.stats import score

    made = {
        (name, part): make_metric(name, stem=stem, part=part)
        for name in TYPES
        for part in PARTS
    }
    rows = {key: m.statistics(predictions, examples) for key, m in made.items()}
    means = {
        f"mean_{part}": {
            name: score(made[name, part], rows[name, part]) for name in TYPES
        }
        for part in PARTS
    }
    each = [
        {name: [float(rows[name, part][n, 0]) for part in PARTS] for name in TYPES}
        for n in range(len(examples))
    ]
    return {**means, "per_item": each}


def score_perplexity(inputs: Inputs) -> Outputs:
    """Return perplexities, words and bytes; an undefined one is an error of its own."""
    examples = _documents(inputs["documents"])
    predictions = _likelihoods(inputs["loglikelihoods_nats"], inputs["token_counts"])
    scores = {
        official: _defined(make_metric(name), predictions, examples)
        for official, name in PERPLEXITIES.items()
    }
    return {
        "words": _units(make_metric("word_perplexity"), predictions, examples),
        "bytes": _units(make_metric("byte_perplexity"), predictions, examples),
        **scores,
    }


def score_lambada(inputs: Inputs) -> Outputs:
    """Return LAMBADA's perplexity: of a document, whatever its length."""
    nats = inputs["loglikelihoods_nats"]
    examples = _documents([""] * len(nats))
    predictions = _likelihoods(nats, [1] * len(nats))
    metric = make_metric("document_perplexity")
    return {"perplexity": _defined(metric, predictions, examples)}


def _documents(texts: Sequence[str]) -> list[Example]:
    return [Example(id=str(n), columns={}, target=t) for n, t in enumerate(texts, 1)]


def _likelihoods(
    nats: Sequence[float | str], tokens: Sequence[int]
) -> list[Prediction]:
    pairs = enumerate(zip(nats, tokens, strict=True), start=1)
    return [
        Prediction(id=str(n), value={"nats": float(value), "tokens": count})
        for n, (value, count) in pairs
    ]


def _units(
    metric: Metric, predictions: Sequence[Prediction], examples: Sequence[Example]
) -> list[int]:
    """Return how many units each document has."""
    if not examples:
        return []
    return [int(row[1]) for row in metric.statistics(predictions, examples)]


def _defined(
    metric: Metric, predictions: Sequence[Prediction], examples: Sequence[Example]
) -> float | dict[str, str]:
    """Return a score, or the error that stands for it where it is undefined."""
    from harness.stats import score

    try:
        value = score(metric, metric.statistics(predictions, examples))
        if math.isnan(value):
            raise DataError(
                f"{metric.name} is undefined: there is no unit to divide by, or no "
                "float can hold it, expected a finite log-likelihood of some text"
            )
    except HarnessError as error:
        return {"error": str(error)}
    return value


SCORERS: tuple[OfficialScorer, ...] = (
    OfficialScorer(
        suite="rouge",
        metric="rouge",
        score=score_rouge,
        cases=GOLDEN / "rouge",
        source=ROUGE_SOURCE,
    ),
    OfficialScorer(
        suite="perplexity",
        metric="perplexity",
        score=score_perplexity,
        cases=GOLDEN / "perplexity",
        source=PERPLEXITY_SOURCE,
    ),
    OfficialScorer(
        suite="perplexity",
        metric="lambada_perplexity",
        score=score_lambada,
        cases=GOLDEN / "perplexity",
        source=PERPLEXITY_SOURCE,
    ),
)
