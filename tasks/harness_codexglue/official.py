"""The official scorers of CodeXGLUE, as our metrics reproduce them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.official import Inputs, OfficialScorer, Outputs
from harness_codexglue import (
    official_codebleu,
    official_labels,
    official_rankings,
    official_texts,
)

SUITE = "codexglue"
COMMIT = "ac74a62802a0dd159b3258c78a2df8ad36cdf2b9"
CASES = Path(__file__).parent / "golden"


def _scorer(
    metric: str, folder: str, score: Callable[[Inputs], Outputs]
) -> OfficialScorer:
    return OfficialScorer(
        suite=SUITE,
        metric=metric,
        score=score,
        cases=CASES,
        source=f"microsoft/CodeXGLUE {folder}/evaluator/evaluator.py at commit {COMMIT}",
    )


SCORERS: tuple[OfficialScorer, ...] = (
    _scorer(
        "bigclonebench",
        "Code-Code/Clone-detection-BigCloneBench",
        official_labels.clone_detection,
    ),
    _scorer(
        "bleu_acc",
        "Code-Code/code-to-code-trans",
        official_texts.bleu_and_accuracy,
    ),
    _scorer(
        "cloze_accuracy",
        "Code-Code/ClozeTesting-all",
        official_labels.cloze_testing,
    ),
    _scorer(
        "code_search_adv_mrr",
        "Text-Code/NL-code-search-Adv",
        official_rankings.code_search,
    ),
    _scorer(
        "code_to_text_bleu",
        "Code-Text/code-to-text",
        official_texts.code_to_text,
    ),
    OfficialScorer(
        suite=SUITE,
        metric="codebleu",
        score=official_codebleu.codebleu,
        cases=CASES,
        known_differences=official_codebleu.KNOWN_DIFFERENCES,
        known_cases=official_codebleu.KNOWN_CASES,
        source="microsoft/CodeXGLUE Code-Code/code-to-code-trans/evaluator/CodeBLEU/"
        f"calc_code_bleu.py at commit {COMMIT}",
    ),
    _scorer(
        "defect_accuracy",
        "Code-Code/Defect-detection",
        official_labels.defect_detection,
    ),
    _scorer(
        "line_completion",
        "Code-Code/CodeCompletion-line",
        official_texts.line_completion,
    ),
    _scorer(
        "method_generation",
        "Code-Code/Method-Generation",
        official_texts.method_generation,
    ),
    _scorer(
        "poj104_map_at_r",
        "Code-Code/Clone-detection-POJ-104",
        official_rankings.clone_ranking,
    ),
    _scorer(
        "text_to_code",
        "Text-Code/text-to-code",
        official_texts.text_to_code,
    ),
    _scorer(
        "text_to_text_bleu",
        "Text-Text/text-to-text",
        official_texts.text_to_text,
    ),
    _scorer(
        "token_completion_accuracy",
        "Code-Code/CodeCompletion-token",
        official_texts.token_completion,
    ),
    _scorer(
        "type_prediction_accuracy",
        "Code-Code/TypePrediction-TypeScript",
        official_labels.type_prediction,
    ),
    _scorer(
        "webquery",
        "Text-Code/NL-code-search-WebQuery",
        official_labels.web_query,
    ),
)
