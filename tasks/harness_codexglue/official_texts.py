"""CodeXGLUE's scorers of written code and text, from their files to their outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness import DataError
from harness.official import Inputs, Outputs
from harness.requests import JsonValue
from harness_codexglue.official_inputs import (
    check_lengths,
    field_of,
    json_lines,
    lines_of_codecs,
    lines_of_open,
)
from harness_codexglue.official_measure import Measured, measure

if TYPE_CHECKING:
    from harness.metric import Floats


def bleu_and_accuracy(inputs: Inputs) -> Outputs:
    """Score code-to-code-trans and code-refinement: `main` of their evaluators."""
    references = lines_of_open(inputs["references_file"])
    predictions = lines_of_open(inputs["predictions_file"])
    check_lengths(predictions, references)
    accuracy = measure("exact_match", predictions, references).score
    bleu = _bleu("code_bleu4", predictions, references)
    return {
        "bleu": round(100 * bleu.score, 2),
        "exact_match_accuracy": round(accuracy * 100, 2),
        **_details(bleu.score, bleu.statistics),
    }


def text_to_code(inputs: Inputs) -> Outputs:
    """Score text-to-code (CONCODE).

    The script writes the answers to a file and reads that for BLEU, so an answer with
    a newline inside shifts all later references there, and exact match alone stays
    aligned.
    """
    answers = [str(field_of(row, "code")) for row in json_lines(inputs["answers_file"])]
    predictions = lines_of_open(inputs["predictions_file"])
    check_lengths(predictions, answers)
    exact = measure("exact_match", predictions, answers, compare="tokens").score
    rewritten = lines_of_open("".join(f"{answer}\n" for answer in answers))
    shared = min(len(rewritten), len(predictions))
    bleu = _bleu("code_bleu4", predictions[:shared], rewritten[:shared])
    return {
        "bleu": round(100 * bleu.score, 2),
        "exact_match": round(exact * 100, 2),
        **_details(bleu.score, bleu.statistics),
    }


def text_to_text(inputs: Inputs) -> Outputs:
    """Score text-to-text: lines by `codecs`, and lines past the shorter file dropped."""
    references = lines_of_codecs(inputs["references_file"])
    predictions = lines_of_codecs(inputs["predictions_file"])
    shared = min(len(references), len(predictions))
    bleu = _bleu("text_bleu", predictions[:shared], references[:shared])
    return {"bleu": round(100 * bleu.score, 2)}


def line_completion(inputs: Inputs) -> Outputs:
    """Score CodeCompletion-line: edit similarity and exact match of completed lines."""
    answers = [str(field_of(row, "gt")) for row in json_lines(inputs["answers_file"])]
    predictions = lines_of_open(inputs["predictions_file"])
    check_lengths(predictions, answers)
    similarity = measure("edit_similarity", predictions, answers).score
    exact = measure("line_exact_match", predictions, answers).score
    return {
        "edit_similarity": round(similarity, 2),
        "exact_match": round(exact * 100, 2),
    }


def method_generation(inputs: Inputs) -> Outputs:
    """Score Method-Generation: edit similarity and BLEU of method bodies."""
    answers = lines_of_open(inputs["answers_file"])
    predictions = lines_of_open(inputs["predictions_file"])
    check_lengths(predictions, answers)
    stripped = [answer.strip() for answer in answers]
    similarity = measure("edit_similarity", predictions, stripped).score
    bleu = _bleu("code_bleu4", predictions, answers).score
    return {
        "edit_similarity": round(similarity, 2),
        "bleu": round(100 * bleu, 2),
    }


def token_completion(inputs: Inputs) -> Outputs:
    """Score CodeCompletion-token: accuracy over tokens that are not special."""
    answers = lines_of_open(inputs["answers_file"])
    predictions = lines_of_open(inputs["predictions_file"])
    check_lengths(predictions, answers)
    accuracy = measure("token_accuracy", predictions, answers)
    total = int(accuracy.statistics[:, 1].sum())
    return {"total": total, "accuracy": round(accuracy.score * 100, 2)}


def code_to_text(inputs: Inputs) -> Outputs:
    """Score code-to-text: `bleuFromMaps` over ids that were predicted.

    An id without a prediction is left out of the mean, and a prediction ends at its
    first tab, both as in the script.
    """
    rows = lines_of_open(inputs["predictions_stdin"])
    predictions = dict(_prediction(row) for row in rows)
    references = _references(lines_of_open(inputs["references_file"]), predictions)
    said = [predictions[key] for key in references]
    bleu = measure("smoothed_bleu4", said, list[JsonValue](references.values()))
    precisions = bleu.statistics[:, 1:].mean(axis=0)
    score = 100 * bleu.score
    return {
        "bleu": score,
        "all": [score, *(100 * float(value) for value in precisions)],
    }


def _prediction(row: str) -> tuple[str, str]:
    key, *rest = row.strip().split("\t")
    return key, rest[0] if rest else ""


def _references(
    rows: Sequence[str], predictions: Mapping[str, str]
) -> dict[str, list[JsonValue]]:
    found: dict[str, list[JsonValue]] = {}
    for number, row in enumerate(rows, start=1):
        key, tab, text = row.partition("\t")
        if not tab or "\t" in text:
            raise DataError(
                f"line {number} of the references has {row.count(chr(9))} tabs, "
                "expected an id, one tab and the text: correct the file"
            )
        if key in predictions:
            found.setdefault(key, []).append(text)
    return found


def _bleu(name: str, predictions: Sequence[str], references: Sequence[str]) -> Measured:
    """Measure BLEU where `compute_bleu` does: it divides by the predictions' length."""
    if not any(text.split() for text in predictions):
        raise DataError(
            "every prediction is empty and the official script divides by zero there, "
            "expected one word or more: correct the files"
        )
    return measure(name, predictions, references)


def _details(score: float, statistics: Floats) -> Outputs:
    from harness.metrics.code.details import bleu_details

    return {"bleu_unrounded": 100 * score, **bleu_details(statistics)}
