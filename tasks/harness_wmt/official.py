"""sacreBLEU as an official scorer; what it computes with loads when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness import OfficialScorer
from harness.official import Inputs, Outputs

CASES = Path(__file__).parent / "golden"
COMMIT = "f615c7286d4d813370efb824d94fc2bfcd3a6b94"


def _score_bleu(inputs: Inputs) -> Outputs:
    from harness_wmt.corpus_scores import score_bleu

    return score_bleu(inputs)


def _score_chrf(inputs: Inputs) -> Outputs:
    from harness_wmt.corpus_scores import score_chrf

    return score_chrf(inputs)


def _score_ter(inputs: Inputs) -> Outputs:
    from harness_wmt.corpus_scores import score_ter

    return score_ter(inputs)


def _score_test_set(inputs: Inputs) -> Outputs:
    from harness_wmt.corpus_scores import score_test_set

    return score_test_set(inputs)


def _score_tokenizer(inputs: Inputs) -> Outputs:
    from harness_wmt.corpus_scores import score_tokenizer

    return score_tokenizer(inputs)


def _score_paired(inputs: Inputs) -> Outputs:
    from harness_wmt.paired_scores import score_paired

    return score_paired(inputs)


def _scorer(
    metric: str, score: Callable[[Inputs], Outputs], path: str
) -> OfficialScorer:
    return OfficialScorer(
        suite="wmt",
        metric=metric,
        score=score,
        cases=CASES,
        source=f"mjpost/sacrebleu {path} at commit {COMMIT} (release 2.6.0)",
    )


SCORERS: tuple[OfficialScorer, ...] = (
    _scorer("bleu", _score_bleu, "sacrebleu/metrics/bleu.py"),
    _scorer("chrf", _score_chrf, "sacrebleu/metrics/chrf.py"),
    _scorer("ter", _score_ter, "sacrebleu/metrics/ter.py"),
    _scorer("sacrebleu", _score_test_set, "sacrebleu/metrics"),
    _scorer("tokenizer", _score_tokenizer, "sacrebleu/tokenizers"),
    _scorer("paired_significance", _score_paired, "sacrebleu/significance.py"),
)
