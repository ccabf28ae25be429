"""What BLEU and CodeBLEU are made of, for reports and official scorers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.metrics.code.codebleu import PARTS, part_scores
from harness.metrics.code.corpus_bleu import brevity_penalties, smoothed_precisions

if TYPE_CHECKING:
    from harness.metric import Floats


def bleu_details(statistics: Floats) -> Mapping[str, float | int | list[float]]:
    """Return what `compute_bleu` gives beside its score, from a corpus's statistics.

    The names are the script's (see `corpus_bleu`).
    """
    sums = statistics.sum(axis=0, keepdims=True)
    length, reference_length = int(sums[0, 8]), int(sums[0, 9])
    return {
        "precisions": [float(value) for value in smoothed_precisions(sums)[0]],
        "brevity_penalty": float(brevity_penalties(sums)[0]),
        "length_ratio": length / reference_length,
        "translation_length": length,
        "reference_length": reference_length,
    }


def codebleu_parts(statistics: Floats) -> Mapping[str, float]:
    """Return CodeBLEU's four parts, 0 to 1, from a corpus's statistics."""
    parts = part_scores(statistics.sum(axis=0, keepdims=True))[0]
    return dict(zip(PARTS, map(float, parts), strict=True))
