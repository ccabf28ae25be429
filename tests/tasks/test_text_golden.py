"""ROUGE and perplexities equal the official scorers, case by case."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness_text.official import GOLDEN, SCORERS
from tests.places import SHARED

SCORER_OF = {scorer.id: scorer for scorer in SCORERS}
NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
SHIPPED = sorted(GOLDEN.rglob("*.json"))


def _real() -> list[Path]:
    shipped = {path.name for path in SHIPPED}
    folders = [SHARED / "golden" / suite for suite in ("rouge", "perplexity")]
    found = (path for folder in folders for path in folder.glob("*.json*"))
    return sorted(path for path in found if path.name not in shipped)


def _load(path: Path) -> Mapping[str, Any]:
    data = path.read_bytes()
    case: Mapping[str, Any] = json.loads(
        gzip.decompress(data) if path.suffix == ".gz" else data
    )
    return case


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and "error" in value:
        yield path, "error"
    elif isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, inner in items:
            yield from _leaves(inner, f"{path}.{key}")
    else:
        yield path, NUMBERS.get(value, value)


def _check(path: Path) -> None:
    case = _load(path)
    ours = SCORER_OF[f"{case['suite']}/{case['metric']}"].score(case["inputs"])
    tolerance = case["tolerance"]
    is_relative = isinstance(tolerance, dict)
    margin = tolerance["relative"] if is_relative else tolerance
    bounds = {"rel": margin, "abs": 0} if is_relative else {"abs": margin, "rel": 0}
    found, expected = dict(_leaves(ours)), dict(_leaves(case["expected"]))
    assert found.keys() >= expected.keys()
    for key, wanted in expected.items():
        is_text = isinstance(wanted, str)
        assert found[key] == (wanted if is_text else pytest.approx(wanted, **bounds))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_score_equals_the_official_scorer(path: Path) -> None:
    _check(path)


@pytest.mark.parametrize("path", _real(), ids=lambda path: path.stem)
def test_score_on_real_text_equals_the_official_scorer(path: Path) -> None:
    _check(path)


def test_the_test_sees_a_value_that_is_not_equal(tmp_path: Path) -> None:
    case = dict(_load(GOLDEN / "perplexity" / "perplexity-one-document.json"))
    case["expected"] = {**case["expected"], "bits_per_byte": 1.0608}
    (tmp_path / "wrong.json").write_text(json.dumps(case))
    with pytest.raises(AssertionError):
        _check(tmp_path / "wrong.json")
