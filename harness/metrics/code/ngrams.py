"""The n-gram parts of CodeBLEU: BLEU-4, and recall of n-grams with weighted keywords.

Source: `bleu.py` and `weighted_ngram_match.py` in CodeBLEU beside the evaluator of
code-to-code-trans in microsoft/CodeXGLUE at commit
ac74a62802a0dd159b3258c78a2df8ad36cdf2b9, both made from NLTK's corpus BLEU with
smoothing method 1. Oddities of the weighted part: its precision is a recall over the
reference's n-grams, only single tokens are weighted, the counts of several references
add up, and the reference length that its brevity penalty sees is always 2.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.metrics.code.corpus_bleu import ORDERS, Counts, count_ngrams

if TYPE_CHECKING:
    from harness.metric import Floats

NGRAM_COLUMNS = 2 * ORDERS + 2
"""Columns of one part: numerators, denominators, prediction and reference length."""
OTHER_WEIGHT = 0.2
"""The weight of a token that is no keyword; a keyword's is 1."""
_EPSILON = 0.1
"""What smoothing method 1 puts in place of a numerator of 0."""
_SEEN_LENGTH = 2
"""The pair of tokens and weights is measured where the tokens are meant."""


def ngram_row(
    tokens: Sequence[str], references: Sequence[Sequence[str]]
) -> list[float]:
    """Return BLEU's numbers for one prediction, `NGRAM_COLUMNS` long."""
    right, possible = [], []
    for order in range(1, ORDERS + 1):
        counts, allowed = count_ngrams(tokens, order), Counts()
        for reference in references:
            allowed |= count_ngrams(reference, order)
        right.append(float((counts & allowed).total()))
        possible.append(float(max(1, counts.total())))
    lengths = [len(reference) for reference in references]
    closest = min(lengths, key=lambda length: (abs(length - len(tokens)), length))
    return [*right, *possible, float(len(tokens)), float(closest)]


def weighted_row(
    tokens: Sequence[str],
    references: Sequence[Sequence[str]],
    keywords: Collection[str],
) -> list[float]:
    """Return the weighted part's numbers for one prediction, `NGRAM_COLUMNS` long."""
    found, wanted = [0.0] * ORDERS, [0.0] * ORDERS
    for order in range(1, ORDERS + 1):
        counts = count_ngrams(tokens, order)
        for reference in references:
            reference_counts = count_ngrams(reference, order)
            shared, whole = counts & reference_counts, reference_counts
            if order == 1:
                found[0] += _weigh(shared, keywords)
                wanted[0] += max(1.0, _weigh(whole, keywords))
            else:
                found[order - 1] += shared.total()
                wanted[order - 1] += max(1, whole.total())
    return [*found, *wanted, float(len(tokens)), float(_SEEN_LENGTH)]


def ngram_scores(sums: Floats) -> Floats:
    """Return scores, shape (draws,), from summed rows (draws, `NGRAM_COLUMNS`).

    A draw without a single right token scores 0, whatever smoothing would give.
    """
    numerators, denominators = sums[:, :ORDERS], sums[:, ORDERS : 2 * ORDERS]
    length, reference_length = sums[:, 2 * ORDERS], sums[:, 2 * ORDERS + 1]
    smoothed = np.where(numerators == 0, _EPSILON, numerators)
    logs = np.log(smoothed / denominators).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        brevity = np.exp(np.minimum(0.0, 1.0 - reference_length / length))
    scores: Floats = np.where(numerators[:, 0] == 0, 0.0, np.exp(logs) * brevity)
    return scores


def _weigh(counts: Counts, keywords: Collection[str]) -> float:
    """Add up counts of single tokens, in order: sums of 0.2 depend on it."""
    return sum(
        count * (1.0 if token in keywords else OTHER_WEIGHT)
        for (token,), count in counts.items()
    )
