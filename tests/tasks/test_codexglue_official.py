"""CodeXGLUE's official scorers: the files they read, and scores known from print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from harness import DataError
from harness_codexglue.official import SCORERS
from harness_codexglue.official_inputs import (
    cells,
    json_lines,
    lines_of_codecs,
    lines_of_open,
)
from tests.places import SHARED

SCORE = {scorer.metric: scorer.score for scorer in SCORERS}
DATA = SHARED / "data" / "code_x_glue"
STORED = [
    ("cc_code_refinement/small/predictions", 77.42, 16.40),
    ("cc_code_refinement/medium/predictions", 91.07, 5.16),
    ("cc_code_to_code_trans/predictions_java_cs", 77.46, 56.1),
    ("cc_code_to_code_trans/predictions_cs_java", 71.99, 57.9),
]
"""Outputs of the authors' models, with BLEU and accuracy as their READMEs print them."""


def _error(metric: str, inputs: Mapping[str, Any]) -> str:
    with pytest.raises(DataError) as error:
        SCORE[metric](inputs)
    return str(error.value)


def _files(answers: str, predictions: str) -> dict[str, Any]:
    arguments = ["-a", "a", "-p", "p"]
    return {"files": {"a": answers, "p": predictions}, "arguments": arguments}


def test_open_reads_every_line_end_and_no_other_mark() -> None:
    assert lines_of_open("a\r\nb\rc\u2028d\x0ce\n\n") == ["a", "b", "c\u2028d\x0ce", ""]


def test_codecs_cuts_at_line_separators_too() -> None:
    assert lines_of_codecs("a\r\nb\rc\u2028d\x0ce\n") == ["a", "b", "c", "d", "e"]


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no shared files at {DATA}")
@pytest.mark.slow
@pytest.mark.parametrize(("name", "bleu", "accuracy"), STORED)
def test_stored_outputs_score_as_printed(
    name: str, bleu: float, accuracy: float
) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(DATA / f"{name}.parquet").to_pydict()
    files = {
        "references_file": "\n".join(table["gold_as_scored"]),
        "predictions_file": "\n".join(table["prediction"]),
    }
    found = SCORE["bleu_acc"](files)
    assert (found["bleu"], found["exact_match_accuracy"]) == (bleu, accuracy)


def test_files_of_different_length_are_refused() -> None:
    files = {"references_file": "a\nb\n", "predictions_file": "a\n"}
    assert _error("bleu_acc", files) == (
        "there are 1 predictions for 2 answers, expected as many: predict a line for "
        "every answer"
    )


def test_an_undefined_score_is_an_error() -> None:
    files = {"references_file": "\n", "predictions_file": "a\n"}
    assert _error("text_to_text_bleu", files) == (
        "text_bleu is undefined here, expected at least one text that is not empty on "
        "either side: correct the files"
    )


def test_empty_predictions_fail_as_in_the_official_script() -> None:
    """`compute_bleu` raises ZeroDivisionError, where our metric has 0."""
    files = {"references_file": "a\n", "predictions_file": "\n"}
    assert _error("text_to_text_bleu", files) == (
        "every prediction is empty and the official script divides by zero there, "
        "expected one word or more: correct the files"
    )


def test_a_missing_pair_is_named() -> None:
    files = _files("1\t2\t1\n3\t4\t0\n", "1\t2\t1\n")
    assert _error("bigclonebench", files) == (
        "there is no prediction for the pair (3, 4), expected one for every answer: "
        "predict all"
    )


def test_a_missing_query_is_named() -> None:
    files = _files('{"url": "u", "idx": 1}\n', "")
    assert "no prediction for u," in _error("code_search_adv_mrr", files)


def test_a_ranking_of_another_length_is_refused() -> None:
    files = _files(
        '{"index": "0", "answers": ["1"]}\n', '{"index": "0", "answers": ["1", "2"]}\n'
    )
    assert _error("poj104_map_at_r", files) == (
        "index 0 has 2 predicted ids, expected the 1 of its answer: predict as many"
    )


def test_a_label_that_is_no_number_is_refused() -> None:
    files = _files('{"idx": 0, "target": 1}\n', "0\tyes\n")
    assert "'yes' is no whole number" in _error("defect_accuracy", files)


def test_a_missing_language_is_named() -> None:
    assert "there is no file a/ruby/answers.txt" in _error(
        "cloze_accuracy", _files("", "")
    )


def test_a_reference_with_two_tabs_is_refused() -> None:
    files = {"references_file": "0\ta\tb\n", "predictions_stdin": "0\ta\n"}
    assert _error("code_to_text_bleu", files) == (
        "line 1 of the references has 2 tabs, expected an id, one tab and the text: "
        "correct the file"
    )


def test_a_line_that_is_no_json_is_named() -> None:
    with pytest.raises(DataError, match=r"line 2 is no JSON .*, expected one object"):
        json_lines('{"a": 1}\n{\n')


def test_a_line_without_its_field_is_refused() -> None:
    files = {"answers_file": '{"id": 0}\n', "predictions_file": "a\n"}
    assert _error("line_completion", files) == (
        "a line has no 'gt' but id: correct the file"
    )


def test_a_line_with_too_many_cells_is_named() -> None:
    with pytest.raises(DataError, match="line 1 has 3 cells, expected 2"):
        cells("a b c\n", 2)


def test_a_json_line_that_is_no_object_is_named() -> None:
    with pytest.raises(DataError, match=r"line 1 is \[1\], expected a JSON object"):
        json_lines("[1]\n")
