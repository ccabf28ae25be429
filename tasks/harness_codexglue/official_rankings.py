"""CodeXGLUE's scorers of retrieval: POJ-104 and AdvTest."""

from __future__ import annotations

from typing import Any

from harness import DataError
from harness.official import Inputs, Outputs
from harness_codexglue.official_inputs import argument_files, field_of, json_lines
from harness_codexglue.official_measure import measure


def clone_ranking(inputs: Inputs) -> Outputs:
    """Score Clone-detection-POJ-104: MAP@R over as many ids as are right."""
    answers, predictions = argument_files(inputs, "-a", "-p")
    right = _table(answers, "index", "answers")
    said = _aligned(right, _table(predictions, "index", "answers"))
    for (key, wanted), found in zip(right.items(), said, strict=True):
        if len(wanted) != len(found):
            raise DataError(
                f"index {key} has {len(found)} predicted ids, expected the "
                f"{len(wanted)} of its answer: predict as many"
            )
    return {"MAP@R": round(measure("map_at_r", said, list(right.values())).score, 4)}


def code_search(inputs: Inputs) -> Outputs:
    """Score NL-code-search-Adv: the mean reciprocal rank of the right function."""
    answers, predictions = argument_files(inputs, "-a", "-p")
    right = _table(answers, "url", "idx")
    said = _aligned(right, _table(predictions, "url", "answers"))
    return {"MRR": round(measure("mrr", said, list(right.values())).score, 4)}


def _table(text: str, key: str, value: str) -> dict[Any, Any]:
    return {field_of(row, key): field_of(row, value) for row in json_lines(text)}


def _aligned(right: dict[Any, Any], said: dict[Any, Any]) -> list[Any]:
    for key in right:
        if key not in said:
            raise DataError(
                f"there is no prediction for {key}, expected one for every answer: "
                "predict all"
            )
    return [said[key] for key in right]
