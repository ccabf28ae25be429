"""Smoothed sentence BLEU-4, averaged, as CodeXGLUE scores summaries of code.

Source: Code-Text/code-to-text/evaluator/evaluator.py (`bleuFromMaps`) in
microsoft/CodeXGLUE at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9, after Lin and
Och, "ORANGE" (2004). Its oddities: one is added at orders 2 to 4 only; the brevity
penalty compares lengths that are one too long; where an order has no n-gram its own
column is 0 while the mean counts it as 1.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import unescape

import numpy as np

from harness.metrics.code.corpus_bleu import ORDERS, Counts, count_ngrams
from harness.metrics.code.texts import TextMetric, mean, read_pairs
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

_TINY = sys.float_info.min
_WORD_OR_MARK = re.compile(r"\w+|[^\s\w]")
_MARK = re.compile(r"""([{-~\[-` -&(-+:-@/])""")
_MARK_BEHIND_NO_DIGIT = re.compile(r"([^0-9])([.,])")
_MARK_BEFORE_NO_DIGIT = re.compile(r"([.,])([^0-9])")
_DASH_BEHIND_DIGIT = re.compile(r"([0-9])(-)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceBleu(TextMetric):
    """The mean of smoothed sentence BLEU-4, 0 to 1."""

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return BLEU and the unsmoothed precisions of orders 1 to 4, (examples, 5)."""
        pairs = read_pairs(self.name, predictions, examples)
        return np.array([_row(text, many) for text, many in pairs], dtype=np.float64)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return mean(statistics[:, 0], weights)


def _row(text: str, references: Sequence[str]) -> list[float]:
    tokens = _tokens(text)
    reference_tokens = [_tokens(reference) for reference in references]
    shortest = min(len(reference) for reference in reference_tokens)
    matches, possible = [], []
    for order in range(1, ORDERS + 1):
        allowed: Counts = Counts()
        for reference in reference_tokens:
            allowed |= count_ngrams(reference, order)
        matches.append(sum((count_ngrams(tokens, order) & allowed).values()))
        possible.append(max(0, len(tokens) - order + 1))
    pairs = list(zip(matches, possible, strict=True))
    logs = [
        math.log(right + added + _TINY) - math.log(count + added + _TINY)
        for added, (right, count) in zip((0, 1, 1, 1), pairs, strict=True)
    ]
    brevity = min(0.0, 1.0 - (shortest + 1) / (len(tokens) + 1))
    plain = [(right + _TINY) / count if count else 0.0 for right, count in pairs]
    return [math.exp(sum(logs) / ORDERS + brevity), *plain]


def _tokens(text: str) -> list[str]:
    """Cut a text twice, as the script does: words and marks, then mteval's rules."""
    cut = " ".join(_WORD_OR_MARK.findall(text.strip().lower()))
    cut = cut.replace("<skipped>", "")
    cut = f" {unescape(cut, {'&quot;': chr(34)})} "
    cut = _MARK.sub(r" \1 ", cut)
    cut = _MARK_BEHIND_NO_DIGIT.sub(r"\1 \2 ", cut)
    cut = _MARK_BEFORE_NO_DIGIT.sub(r" \1 \2", cut)
    return _DASH_BEHIND_DIGIT.sub(r"\1 \2 ", cut).split()
