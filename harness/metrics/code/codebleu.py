"""CodeBLEU: n-grams, n-grams by keyword, sub-trees and data flow of generated code.

Ren et al., "CodeBLEU: a Method for Automatic Evaluation of Code Synthesis" (2020), as
`calc_code_bleu.py` beside the evaluator of code-to-code-trans computes it, in
microsoft/CodeXGLUE at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9. Its oddities: a
corpus without data flow scores 0 there and loses that part's share; over several
references sub-trees and flows add up; each comparison takes comments out of the
prediction once more.

The two n-gram parts equal the script's. The other two depend on the grammar: the
script brings its own build of 2020, whose trees differ from those of today's grammars
where the code is broken, and its data flow depends on Python's hash seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.metrics.code.comments import remove_comments
from harness.metrics.code.flow import Flow, extract_flows
from harness.metrics.code.flow_match import match_flows
from harness.metrics.code.grammars import parse
from harness.metrics.code.keywords import KEYWORDS
from harness.metrics.code.ngrams import (
    NGRAM_COLUMNS,
    ngram_row,
    ngram_scores,
    weighted_row,
)
from harness.metrics.code.texts import TextMetric, ratio, read_pairs
from harness.metrics.code.trees import Node, match_subtrees
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

PARTS = ("ngram_match", "weighted_ngram_match", "syntax_match", "dataflow_match")
"""The four parts, as the script names them, in the order of their shares."""
EQUAL_SHARES = (0.25, 0.25, 0.25, 0.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBleu(TextMetric):
    """CodeBLEU, 0 to 1.

    Attributes:
        language: the programming language, as CodeXGLUE names it.
        shares: what each part counts, in the order of `PARTS`.
    """

    language: str
    shares: tuple[float, float, float, float] = EQUAL_SHARES

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return the numbers of the four parts side by side, shape (examples, 24).

        Ten columns each for the n-gram parts (see `ngram_row`), then found and all
        sub-trees, and found and all data flows.
        """
        pairs = read_pairs(self.name, predictions, examples)
        rows = [self._row(text.strip(), [r.strip() for r in m]) for text, m in pairs]
        return np.array(rows, dtype=np.float64)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        parts = part_scores(weights @ statistics)
        scores: Floats = parts @ np.array(self.shares)
        return scores

    def _row(self, text: str, references: Sequence[str]) -> list[float]:
        tokens = text.split()
        wanted = [reference.split() for reference in references]
        keywords = KEYWORDS[self.language]
        trees = self._tree_row(text, references)
        ngrams = ngram_row(tokens, wanted), weighted_row(tokens, wanted, keywords)
        return [*ngrams[0], *ngrams[1], *map(float, trees)]

    def _tree_row(self, text: str, references: Sequence[str]) -> tuple[int, ...]:
        counts = np.zeros(4, dtype=np.intp)
        for reference in references:
            text = remove_comments(text)
            said, wanted = (
                self._analyse(text),
                self._analyse(remove_comments(reference)),
            )
            subtrees = match_subtrees(said.tree, wanted.tree)
            counts += [*subtrees, *match_flows(said.flows, wanted.flows)]
        return tuple(counts.tolist())

    def _analyse(self, code: str) -> _Analysis:
        tree = parse(code, self.language)
        return _Analysis(tree, extract_flows(tree, code, self.language))


class _Analysis(NamedTuple):
    tree: Node
    flows: list[Flow]


def part_scores(sums: Floats) -> Floats:
    """Return the four parts, shape (draws, 4), from summed rows.

    Data flow is 0 where no reference has any.
    """
    first, second = sums[:, :NGRAM_COLUMNS], sums[:, NGRAM_COLUMNS : 2 * NGRAM_COLUMNS]
    found, all_subtrees, found_flows, all_flows = sums[:, 2 * NGRAM_COLUMNS :].T
    parts = [
        ngram_scores(first),
        ngram_scores(second),
        ratio(found, all_subtrees),
        np.where(all_flows == 0, 0.0, ratio(found_flows, all_flows)),
    ]
    return np.stack(parts, axis=1)
