"""The metrics of code that the core registers; numpy loads when one is made."""

from __future__ import annotations

from functools import partial

from harness.errors import PluginError
from harness.metric import Metric, MetricEntry
from harness.metrics.options import Labels, Options, check_options, read_choice

CODEXGLUE = (
    "microsoft/CodeXGLUE, evaluator/ at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9"
)
LANGUAGES = ("c_sharp", "go", "java", "javascript", "php", "python", "ruby")
"""The programming languages that CodeBLEU knows, as CodeXGLUE names them."""
COMPARE = "what must be equal: stripped texts (the default) or tokens"

NOTHING_TO_FIND = "every reference is empty"
LANGUAGE = "the programming language: " + ", ".join(LANGUAGES)
SHARES = (
    "what n-grams, weighted n-grams, syntax and data flow count, as in 0.1:0.1:0.4:0.4"
)


def _make_corpus_bleu(name: str, _labels: Labels, options: Options) -> Metric:
    from harness.metrics.code.corpus_bleu import CorpusBleu

    check_options(name, options)
    return CorpusBleu(name=name)


def _make_smoothed_bleu4(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.code.sentence_bleu import SentenceBleu

    check_options("smoothed_bleu4", options)
    return SentenceBleu(name="smoothed_bleu4")


def _make_exact_match(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.code.lines import ExactMatch

    check_options("exact_match", options, "compare")
    compare = read_choice("exact_match", options, "compare", ("stripped", "tokens"))
    return ExactMatch(
        name="exact_match", options=options, compares_tokens=compare == "tokens"
    )


def _make_line_exact_match(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.code.lines import ExactMatch

    check_options("line_exact_match", options)
    return ExactMatch(
        name="line_exact_match", compares_tokens=True, restores_literals=True
    )


def _make_edit_similarity(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.code.lines import EditSimilarity

    check_options("edit_similarity", options)
    return EditSimilarity(name="edit_similarity")


def _make_token_accuracy(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.code.tokens import TokenAccuracy

    check_options("token_accuracy", options)
    return TokenAccuracy(name="token_accuracy")


def _make_codebleu(_labels: Labels, options: Options) -> Metric:
    from harness.metrics.code.codebleu import EQUAL_SHARES, CodeBleu
    from harness.metrics.code.grammars import grammar_version

    check_options("codebleu", options, "lang", "params")
    language = options.get("lang", "")
    if language not in LANGUAGES:
        raise PluginError(
            f"metric codebleu has the option lang={language}, expected one of "
            f"{', '.join(LANGUAGES)}: write codebleu,lang=LANGUAGE"
        )
    shares = _read_shares(options["params"]) if "params" in options else EQUAL_SHARES
    return CodeBleu(
        name="codebleu",
        options={**options, "grammar": grammar_version(language)},
        language=language,
        shares=shares,
    )


def _read_shares(text: str) -> tuple[float, float, float, float]:
    try:
        one, two, three, four = map(float, text.split(":"))
    except ValueError as error:
        raise PluginError(
            f"metric codebleu has the option params={text}, expected four numbers with "
            "colons between, as in 0.1:0.1:0.4:0.4: correct the task's metrics"
        ) from error
    return one, two, three, four


METRICS: tuple[MetricEntry, ...] = (
    MetricEntry(
        name="code_bleu4",
        summary="corpus BLEU-4 of tokens between white space, one added at every order",
        make=partial(_make_corpus_bleu, "code_bleu4"),
        undefined=NOTHING_TO_FIND,
        source=f"Code-Code/code-to-code-trans, code-refinement in {CODEXGLUE}",
    ),
    MetricEntry(
        name="codebleu",
        summary="n-grams, n-grams by keyword, sub-trees and data flow of code",
        make=_make_codebleu,
        options={"lang": LANGUAGE, "params": SHARES},
        falls_short="a text of fewer than four tokens counts as one four-gram missed",
        source=f"Code-Code/code-to-code-trans, CodeBLEU, in {CODEXGLUE}",
    ),
    MetricEntry(
        name="edit_similarity",
        summary="similarity of lines in whole percent (insertions and deletions)",
        make=_make_edit_similarity,
        source=f"Code-Code/CodeCompletion-line in {CODEXGLUE}",
    ),
    MetricEntry(
        name="exact_match",
        summary="share of texts that equal a reference",
        make=_make_exact_match,
        options={"compare": COMPARE},
        source=f"Code-Code/code-refinement, Text-Code/text-to-code in {CODEXGLUE}",
    ),
    MetricEntry(
        name="line_exact_match",
        summary="share of completed lines with the right tokens, literals restored",
        make=_make_line_exact_match,
        source=f"Code-Code/CodeCompletion-line in {CODEXGLUE}",
    ),
    MetricEntry(
        name="smoothed_bleu4",
        summary="mean of smoothed sentence BLEU-4, for summaries of code",
        make=_make_smoothed_bleu4,
        source=f"Code-Text/code-to-text in {CODEXGLUE}",
    ),
    MetricEntry(
        name="text_bleu",
        summary="corpus BLEU-4 as code_bleu4, for documentation in natural language",
        make=partial(_make_corpus_bleu, "text_bleu"),
        undefined=NOTHING_TO_FIND,
        source=f"Text-Text/text-to-text in {CODEXGLUE}",
    ),
    MetricEntry(
        name="token_accuracy",
        summary="share of right tokens of programs, special tokens not counted",
        make=_make_token_accuracy,
        source=f"Code-Code/CodeCompletion-token in {CODEXGLUE}",
    ),
)
