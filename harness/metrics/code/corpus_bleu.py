"""Corpus BLEU-4 with one added at every order, as most CodeXGLUE tasks score it.

Source: `bleu.py` (`compute_bleu`, max_order 4, smooth) beside the evaluators of
code-refinement, code-to-code-trans, text-to-code, method generation and text-to-text
in microsoft/CodeXGLUE at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9.
Tokens are what white space separates. Its oddities: one is added at order 1 too, so
that no overlap at all scores above 0 (30.21 for four tokens), an order longer than
every text has precision 1, and the reference length is the shortest reference's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.metrics.code.texts import TextMetric, read_pairs
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

ORDERS = 4
Counts = Counter[tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusBleu(TextMetric):
    """Smoothed corpus BLEU-4, 0 to 1.

    The official script divides by zero where all texts of a side are empty. Without a
    word to find it is undefined (NaN) here too; a model that writes nothing scores 0,
    which is what the brevity penalty tends to as predictions get shorter.
    """

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return matches and possible n-grams of orders 1 to 4, and the two lengths.

        Shape (examples, 10); the lengths are the prediction's, then the reference's.
        """
        pairs = read_pairs(self.name, predictions, examples)
        rows = [_row(text.split(), [r.split() for r in many]) for text, many in pairs]
        return np.array(rows, dtype=np.float64)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = weights @ statistics
        logs = np.log(smoothed_precisions(sums))
        score: Floats = np.exp(logs.mean(axis=1)) * brevity_penalties(sums)
        return score


def smoothed_precisions(sums: Floats) -> Floats:
    """Return the precisions of orders 1 to 4, shape (draws, 4), from summed rows."""
    precisions: Floats = (sums[:, :ORDERS] + 1) / (sums[:, ORDERS : 2 * ORDERS] + 1)
    return precisions


def brevity_penalties(sums: Floats) -> Floats:
    """Return penalties, shape (draws,), from summed rows.

    They are 0 where predictions are empty, NaN where references are.
    """
    length, reference_length = sums[:, 2 * ORDERS], sums[:, 2 * ORDERS + 1]
    result = np.where(reference_length > 0, np.inf, np.nan)
    is_defined = (length > 0) & (reference_length > 0)
    np.divide(reference_length, length, out=result, where=is_defined)
    penalties: Floats = np.exp(np.minimum(0.0, 1.0 - result))
    return penalties


def count_ngrams(tokens: Sequence[str], order: int) -> Counts:
    """Count a text's n-grams of one order."""
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))


def _row(tokens: Sequence[str], references: Sequence[Sequence[str]]) -> list[int]:
    matches, possible = [], []
    for order in range(1, ORDERS + 1):
        allowed: Counts = Counter()
        for reference in references:
            allowed |= count_ngrams(reference, order)
        matches.append(sum((count_ngrams(tokens, order) & allowed).values()))
        possible.append(max(0, len(tokens) - order + 1))
    shortest = min(len(reference) for reference in references)
    return [*matches, *possible, len(tokens), shortest]
