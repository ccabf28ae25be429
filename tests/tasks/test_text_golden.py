"""ROUGE and perplexities equal the official scorers, case by case."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from harness.golden import case_files, read_case
from harness.verify import verify
from harness_text.official import GOLDEN, SCORERS, score_perplexity
from tests.places import SHARED

SCORER_OF = {scorer.id: scorer for scorer in SCORERS}
SHIPPED = case_files(GOLDEN)
NAMES = {path.name for path in SHIPPED}


def _real() -> list[Path]:
    folders = [SHARED / "golden" / suite for suite in ("rouge", "perplexity")]
    found = (path for folder in folders for path in folder.glob("*.json*"))
    return sorted(path for path in found if path.name not in NAMES)


def _check(path: Path) -> None:
    case = read_case(path)
    keys = verify(case, SCORER_OF[case.scorer_id]).keys
    assert keys
    assert [key for key in keys if key.status != "equal"] == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_score_equals_the_official_scorer(path: Path) -> None:
    _check(path)


@pytest.mark.slow
@pytest.mark.parametrize("path", _real(), ids=lambda path: path.stem)
def test_score_on_real_text_equals_the_official_scorer(path: Path) -> None:
    _check(path)


def test_no_real_case_ships() -> None:
    assert len(SHIPPED) == 25
    assert {read_case(path).kind for path in SHIPPED} == {"synthetic", "adversarial"}


def test_an_undefined_perplexity_says_why() -> None:
    inputs = {"documents": ["a"], "loglikelihoods_nats": [-1e5], "token_counts": [1]}
    found = score_perplexity(inputs)["word_perplexity"]
    assert found["error"] == (
        "word_perplexity is undefined: there is no unit to divide by, or no float can "
        "hold it, expected a finite log-likelihood of some text"
    )
    assert math.isfinite(score_perplexity(inputs)["bits_per_byte"])
