"""Translation metrics: BLEU, chrF and TER, as sacreBLEU computes them.

The statistics of a segment are sacreBLEU's own (TER's are counted faster); what makes a score of their sums is
vectorised here over draws, in sacreBLEU's order of operations and in the precision
that the statistics have. Scores run from 0 to 100, as sacreBLEU prints them (TER may
exceed 100). A target is a reference or a list of references; segments may have
different numbers of them. A prediction of None is an empty translation.

Post, "A Call for Clarity in Reporting BLEU Scores" (WMT 2018); mjpost/sacrebleu 2.6.0.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from harness.errors import DataError
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

LOG_OF_ZERO = -9999999999.0
"""What sacreBLEU takes for the logarithm of 0, so that the score becomes 0."""
EPSILON = 1e-16
"""What chrF takes for the precision or recall of an order without n-grams."""
SEGMENTS_IN_MEMORY = 32_768
"""How many segments' statistics are kept: systems often agree, and copy the source."""


class SegmentScorer(Hashable, Protocol):
    """The part of a sacreBLEU metric object that is used here."""

    def _preprocess_segment(self, sent: str) -> str: ...

    def _extract_reference_info(self, refs: Sequence[str]) -> dict[str, object]: ...

    def _compute_segment_statistics(
        self, hypothesis: str, ref_kwargs: dict[str, object]
    ) -> list[float]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _SacreBleu:
    """What the three share.

    Attributes:
        official: sacreBLEU's metric object with its options fixed.
        options: the parts of sacreBLEU's signature, with its version.
    """

    official: SegmentScorer
    options: Mapping[str, str]

    version: int = field(default=1, init=False)
    unit: str = field(default="example", init=False)
    scale: float = field(default=1.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        if not examples:
            raise DataError(
                "sacreBLEU has no segment to score, expected at least one: check the "
                "split and the limit"
            )
        rows = [
            self._row(_translation(prediction), references(example))
            for prediction, example in zip(predictions, examples, strict=True)
        ]
        return np.array(rows, dtype=np.float64)

    def _row(self, translation: str, wanted: tuple[str, ...]) -> tuple[float, ...]:
        return _segment(self.official, translation, wanted)

    def data_options(self, examples: Sequence[Example]) -> Mapping[str, str]:
        """Return what sacreBLEU's signature says of data: how many references."""
        return {"nrefs": reference_count(examples)}


class BleuParts(NamedTuple):
    """What BLEU is made of, a row for each draw, after smoothing.

    Attributes:
        matched: matched n-grams of each order.
        total: all n-grams of the translation.
        precisions: in per cent; all 0 where nothing matches.
        brevity_penalty: 1 where the translation is no shorter than the reference.
    """

    matched: Floats
    total: Floats
    precisions: Floats
    brevity_penalty: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Bleu(_SacreBleu):
    """Corpus BLEU: clipped n-gram precisions and a brevity penalty.

    Papineni et al., "BLEU" (ACL 2002); smoothing as Chen and Cherry (WMT 2014) number
    it. The columns are the length of the translation and of the nearest reference,
    then matched and all n-grams of each order.

    Attributes:
        order: the longest n-gram.
        smoothing: ``exp``, ``floor``, ``add-k`` or ``none``.
        smoothing_value: what ``floor`` and ``add-k`` add.
        is_order_effective: whether orders that the translation is too short for are
            left out, as sentence scores need.
    """

    order: int = 4
    smoothing: str = "exp"
    smoothing_value: float = 0.0
    is_order_effective: bool = False
    name: str = field(default="bleu", init=False)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = weights @ statistics
        parts = self.parts(sums)
        reached = parts.total > 0
        used = reached if self.is_order_effective else np.ones_like(reached)
        logarithms = np.full(parts.precisions.shape, LOG_OF_ZERO)
        is_positive = parts.precisions > 0
        np.log(parts.precisions, out=logarithms, where=is_positive, dtype=np.float64)
        exponent = (logarithms * used).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
        score = parts.brevity_penalty * np.exp(exponent)
        return np.where(parts.matched.any(axis=1), score, 0.0)

    def tokenize(self, text: str) -> str:
        """Return a text as its words are counted: tokenized, and lower-cased if so."""
        return self.official._preprocess_segment(text)

    def parts(self, sums: Floats) -> BleuParts:
        """Return what BLEU is made of, from summed statistics (draws, columns)."""
        matched = sums[:, 2 : 2 + self.order].copy()
        total = sums[:, 2 + self.order :].copy()
        is_some = matched.any(axis=1, keepdims=True)
        if self.smoothing == "add-k":
            matched[:, 1:] += np.where(is_some, self.smoothing_value, 0)
            total[:, 1:] += np.where(is_some, self.smoothing_value, 0)
        is_zero = (matched == 0) & (total > 0) & is_some
        precisions = np.zeros_like(matched)
        np.divide(100.0 * matched, total, out=precisions, where=total > 0)
        if self.smoothing == "exp":
            halvings = 2.0 ** np.cumsum(is_zero, axis=1, dtype=sums.dtype)
            np.divide(100.0, halvings * total, out=precisions, where=is_zero)
        elif self.smoothing == "floor":
            floor = 100.0 * self.smoothing_value
            np.divide(floor, total, out=precisions, where=is_zero)
        return BleuParts(matched, total, precisions, brevity_penalty(sums))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrf(_SacreBleu):
    """Corpus chrF, or chrF++ with word n-grams: F over averaged precision and recall.

    Popović (WMT 2015; WMT 2017). The columns are n-grams of the translation, of the
    best reference, and matched ones, for each order.

    Attributes:
        beta: how much more recall counts than precision.
        is_smoothed: whether orders without n-grams count with a tiny F, as in Moses
            and NLTK, instead of being left out.
    """

    beta: int = 2
    is_smoothed: bool = False
    name: str = "chrf"

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = weights @ statistics
        orders = [sums[:, start : start + 3] for start in range(0, sums.shape[1], 3)]
        if self.is_smoothed:
            each = [self._smoothed(order) for order in orders]
            return 100 * sum(each[1:], start=each[0]) / len(orders)
        precision, recall = np.zeros_like(sums[:, 0]), np.zeros_like(sums[:, 0])
        count = np.zeros_like(precision)
        # one order after another, as sacreBLEU adds them up
        for order in orders:
            is_there = (order[:, 0] > 0) & (order[:, 1] > 0)
            precision += np.where(is_there, _share(order[:, 2], order[:, 0]), 0)
            recall += np.where(is_there, _share(order[:, 2], order[:, 1]), 0)
            count += is_there
        count = np.maximum(count, 1)
        return 100 * self._f(precision / count, recall / count, otherwise=0.0)

    def _smoothed(self, order: Floats) -> Floats:
        precision = _share(order[:, 2], order[:, 0])
        recall = _share(order[:, 2], order[:, 1])
        return self._f(precision, recall, otherwise=EPSILON)

    def _f(self, precision: Floats, recall: Floats, otherwise: float) -> Floats:
        factor = self.beta**2
        below = factor * precision + recall
        score = np.full_like(below, otherwise)
        above = (1 + factor) * precision * recall
        np.divide(above, below, out=score, where=below > 0)
        return score


@dataclass(frozen=True, slots=True, kw_only=True)
class Ter(_SacreBleu):
    """Translation edit rate: edits and shifts over the average reference length.

    Snover et al. (AMTA 2006), as Tercom and sacreBLEU count; a lower rate is better.
    The columns are the edits to the nearest reference and the references' mean length.
    """

    name: str = field(default="ter", init=False)
    is_lower_better: bool = field(default=True, init=False)

    def _row(self, translation: str, wanted: tuple[str, ...]) -> tuple[float, ...]:
        return _edits(self.official, translation, wanted)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        sums = weights @ statistics
        edits, length = sums[:, 0], sums[:, 1]
        # words that no reference asks for are all wrong
        rate = (edits > 0).astype(sums.dtype)
        np.divide(edits, length, out=rate, where=length > 0)
        return 100 * rate


def brevity_penalty(sums: Floats) -> Floats:
    """Return BLEU's penalty for short translations, from summed statistics."""
    written = sums[:, 0].astype(np.float64)
    wanted = sums[:, 1].astype(np.float64)
    ratio = np.full(written.shape, np.inf)
    np.divide(wanted, written, out=ratio, where=written > 0)
    penalty: Floats = np.exp(1 - np.maximum(ratio, 1.0))
    return np.where(written < wanted, penalty, 1.0)


def references(example: Example) -> tuple[str, ...]:
    """Return an example's reference or references.

    Raises:
        DataError: it has none, or one that is no text.
    """
    target = example.target
    texts = target if isinstance(target, list) else [target]
    found = tuple(text for text in texts if isinstance(text, str))
    if not found or len(found) < len(texts):
        raise DataError(
            f"example {example.id!r} has the target {target!r:.60}, expected a "
            "reference or a list of references: check the split, or leave it out"
        )
    return found


def reference_count(examples: Sequence[Example]) -> str:
    """Return how many references segments have, ``var`` where they differ."""
    counts = {len(references(example)) for example in examples}
    return str(counts.pop()) if len(counts) == 1 else "var"


def _translation(prediction: Prediction) -> str:
    if prediction.value is None:
        return ""
    if isinstance(prediction.value, str):
        return prediction.value
    raise DataError(
        f"the prediction {prediction.value!r:.60} of example {prediction.id!r} is no "
        "text, expected a translation: correct the prediction"
    )


@lru_cache(maxsize=SEGMENTS_IN_MEMORY)
def _segment(
    official: SegmentScorer, translation: str, wanted: tuple[str, ...]
) -> tuple[float, ...]:
    lines = [official._preprocess_segment(text) for text in wanted]
    known = official._extract_reference_info(lines)
    line = official._preprocess_segment(translation)
    return tuple(official._compute_segment_statistics(line, known))


@lru_cache(maxsize=SEGMENTS_IN_MEMORY)
def _edits(
    official: SegmentScorer, translation: str, wanted: tuple[str, ...]
) -> tuple[float, float]:
    from harness.metrics.edit_rate import count_edits

    words = official._preprocess_segment(translation).split()
    each = [official._preprocess_segment(text).split() for text in wanted]
    fewest = min(count_edits(words, reference) for reference in each)
    return float(fewest), sum(map(len, each)) / len(each)


def _share(matched: Floats, total: Floats) -> Floats:
    share = np.full_like(matched, EPSILON)
    np.divide(matched, total, out=share, where=total > 0)
    return share
