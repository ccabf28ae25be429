"""CodeXGLUE's scorers of labels: defects, clones, queries, blanks and types."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from harness import DataError
from harness.official import Inputs, Outputs
from harness_codexglue.official_inputs import (
    argument_files,
    cells,
    field_of,
    json_lines,
)
from harness_codexglue.official_measure import measure

CLOZE_LANGUAGES = ("ruby", "javascript", "go", "python", "java", "php")
BINARY = ("0", "1")


def clone_detection(inputs: Inputs) -> Outputs:
    """Score BigCloneBench: a pair that stands twice keeps its last label."""
    answers, predictions = argument_files(inputs, "-a", "-p")
    right = {(one, other): label for one, other, label in cells(answers, 3)}
    said = {(one, other): label for one, other, label in cells(predictions, 3)}
    pairs = _aligned(right, said)
    return {name: _binary(name, pairs) for name in ("Recall", "Precision", "F1")}


def web_query(inputs: Inputs) -> Outputs:
    """Score NL-code-search-WebQuery: binary scores and accuracy by query."""
    answers, predictions = argument_files(inputs, "-aw", "-pw")
    pairs = _aligned(dict(cells(answers, 2)), dict(cells(predictions, 2)))
    names = ("Precision", "Recall", "F1", "Accuracy")
    return {name: _binary(name, pairs) for name in names}


def defect_detection(inputs: Inputs) -> Outputs:
    """Score Defect-detection: accuracy; predictions nobody asked for are ignored."""
    answers, predictions = argument_files(inputs, "-a", "-p")
    rows = json_lines(answers)
    right = {
        _number(field_of(row, "idx")): _number(field_of(row, "target")) for row in rows
    }
    said = {_number(key): _number(label) for key, label in cells(predictions, 2)}
    return {"Acc": _accuracy(right, said)}


def type_prediction(inputs: Inputs) -> Outputs:
    """Score TypePrediction-TypeScript: accuracy over names of types."""
    answers, predictions = argument_files(inputs, "-a", "-p")
    return {"Acc": _accuracy(dict(cells(answers, 2)), dict(cells(predictions, 2)))}


def cloze_testing(inputs: Inputs) -> Outputs:
    """Score ClozeTesting: accuracy in each of six languages."""
    return {language: _cloze(inputs, language) for language in CLOZE_LANGUAGES}


def _cloze(inputs: Inputs, language: str) -> float:
    arguments = list(inputs["arguments"])
    files: Mapping[str, str] = inputs["files"]
    tables = []
    for flag, name in (("-a", "answers.txt"), ("-p", "predictions.txt")):
        path = f"{arguments[arguments.index(flag) + 1]}/{language}/{name}"
        if path not in files:
            raise DataError(
                f"there is no file {path}, expected one for each of the languages "
                f"{', '.join(CLOZE_LANGUAGES)}: add it"
            )
        tables.append(dict(cells(files[path], 2, "<CODESPLIT>")))
    return _accuracy(*tables)


def _accuracy(right: Mapping[Any, Any], said: Mapping[Any, Any]) -> float:
    pairs = _aligned(right, said)
    answers, predictions = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return measure("accuracy", predictions, answers).score


def _binary(name: str, pairs: list[tuple[str, str]]) -> float:
    right = [str(_number(answer)) for answer, _ in pairs]
    said = [str(_number(prediction)) for _, prediction in pairs]
    metric = name.lower()
    options = {} if metric == "accuracy" else {"positive": "1"}
    return measure(metric, said, right, BINARY, **options).score


def _aligned(
    right: Mapping[Any, Any], said: Mapping[Any, Any]
) -> list[tuple[Any, Any]]:
    for key in right:
        if key not in said:
            raise DataError(
                f"there is no prediction for {_shown(key)}, expected one for every "
                "answer: predict all"
            )
    return [(answer, said[key]) for key, answer in right.items()]


def _shown(key: Hashable) -> str:
    return f"the pair ({', '.join(key)})" if isinstance(key, tuple) else repr(key)


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise DataError(
            f"{value!r} is no whole number, expected one as id or label: correct the "
            "file"
        ) from error
