"""Exact match and edit similarity of lines of code.

Sources, all in microsoft/CodeXGLUE at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9:
the `evaluator.py` of code-refinement and code-to-code-trans (lines equal once
stripped), of text-to-code (equal tokens, so that white space does not count), and of
CodeCompletion-line (equal tokens once literals are restored; fuzzywuzzy's ratio).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import Indel

from harness.metrics.code.texts import TextMetric, mean, read_pairs
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

_LITERAL = re.compile(r"<(STR|NUM|CHAR)_LIT:(.*?)>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactMatch(TextMetric):
    """The share of predictions that equal a reference, 0 to 1.

    Attributes:
        compares_tokens: compare what white space separates, not the stripped texts.
        restores_literals: put literals in place of `<STR_LIT:...>` and the like first.
    """

    compares_tokens: bool = False
    restores_literals: bool = False
    is_proportion: bool = field(default=True, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        pairs = read_pairs(self.name, predictions, examples)
        hits = [self._form(t) in [self._form(r) for r in many] for t, many in pairs]
        return np.array(hits, dtype=np.float64)[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return mean(statistics[:, 0], weights)

    def _form(self, text: str) -> str | list[str]:
        restored = restore_literals(text) if self.restores_literals else text
        return restored.split() if self.compares_tokens else restored.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSimilarity(TextMetric):
    """The mean similarity of texts in whole percent, the best over references.

    The similarity is fuzzywuzzy's ratio on python-Levenshtein: 1 minus the insertions
    and deletions over both lengths, rounded to whole percent for each text (halves to
    the even neighbour). Without python-Levenshtein fuzzywuzzy computes another number;
    that one is not offered.
    """

    scale: float = field(default=1.0, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        pairs = read_pairs(self.name, predictions, examples)
        best = [max(_similarity(text, r) for r in many) for text, many in pairs]
        return np.array(best, dtype=np.float64)[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return mean(statistics[:, 0], weights)


def restore_literals(code: str) -> str:
    """Put literals in place of the data set's marks, `0` and nothing for bare ones.

    As the script does it, every mark is replaced wherever it stands once found, and a
    mark inside a literal is not looked for again.
    """
    code = code.replace("<NUM_LIT>", "0")
    code = code.replace("<STR_LIT>", "").replace("<CHAR_LIT>", "")
    for kind, literal in _LITERAL.findall(code):
        code = code.replace(f"<{kind}_LIT:{literal}>", literal)
    return code


def _similarity(text: str, reference: str) -> int:
    """Compare as the script does: the text stripped, literals restored in both."""
    left, right = restore_literals(text.strip()), restore_literals(reference)
    return round(100 * Indel.normalized_similarity(left, right))
