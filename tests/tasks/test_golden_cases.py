"""Our metrics equal the official scorers, and a changed expectation is noticed.

The cases that come with the plugins hold what the official scorers gave; each names
repository, commit and entry point under `official_source`. Cases with real predictions
come from the shared folder where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.golden import GoldenCase, case_files, find, read_case
from harness.official import OfficialScorer, Outputs
from harness.plugins import load_plugins
from harness.verify import compare, score
from tests.places import SHARED

Place = tuple[str, ...]
Change = Callable[[Place, Any], Any]


@cache
def scorers() -> Mapping[str, OfficialScorer]:
    return load_plugins().load_scorers()


def shipped() -> list[Path]:
    folders = {s.cases for s in scorers().values() if s.cases is not None}
    return [path for folder in sorted(folders) for path in case_files(folder)]


def shared() -> list[Path]:
    """Return the shared cases that no plugin ships and whose scorer is registered."""
    folder = SHARED / "golden"
    copied = {path.name for path in shipped()}
    found = case_files(folder) if folder.is_dir() else []
    ours = [p for p in found if f"{p.parent.name}/{_metric(p)}" in scorers()]
    return [path for path in ours if path.name not in copied]


def _metric(path: Path) -> str:
    return path.name.partition("-")[0]


def name(path: Path) -> str:
    return path.name.partition(".")[0]


def scorer_of(case: GoldenCase) -> OfficialScorer:
    return scorers()[case.scorer_id]


@cache
def scored(path: Path) -> Outputs | HarnessError:
    case = read_case(path)
    return score(case, scorer_of(case))


def variants(
    value: Any, change: Change, place: Place = ()
) -> Iterator[tuple[Place, Any]]:
    """Yield the value with one of its leaves changed, for every leaf, and its place."""
    if isinstance(value, dict) and "error" in value:
        yield place, 1.0 if place else {"value": 1.0}
    elif isinstance(value, dict):
        for key, inner in value.items():
            for where, other in variants(inner, change, (*place, key)):
                yield where, {**value, key: other}
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            for where, other in variants(inner, change, (*place, str(index))):
                yield where, [*value[:index], other, *value[index + 1 :]]
    else:
        yield place, change(place, value)


def beyond(case: GoldenCase, scorer: OfficialScorer) -> Change:
    """Return what moves a value by more than the case and the scorer allow."""

    def change(place: Place, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            known = find(scorer.known_of(case.name), place) or 0.0
            allowed = max(case.tolerances.of(place, value), known)
            return value + 4 * allowed + max(abs(value), 1.0) * 1e-6
        return 0.125 if isinstance(value, str) else "changed"

    return change


@pytest.mark.parametrize("path", shipped(), ids=name)
def test_ours_equals_the_official_scorer(path: Path) -> None:
    case = read_case(path)
    keys = compare(case, scored(path), scorer_of(case))
    assert [key for key in keys if key.status == "unequal"] == []


@pytest.mark.parametrize("path", shipped(), ids=name)
def test_a_changed_expectation_is_unequal(path: Path) -> None:
    case = read_case(path)
    scorer = scorer_of(case)
    for place, expected in variants(case.expected, beyond(case, scorer)):
        keys = compare(replace(case, expected=expected), scored(path), scorer)
        found = {key.status for key in keys if key.key in (".".join(place), "value")}
        assert found <= {"unequal", "not offered"}, place
        assert found, place


def test_every_leaf_is_changed_once() -> None:
    expected = {"a": 1, "b": {"c": [2, 3]}, "d": {"error": "KeyError"}}
    assert list(variants(expected, lambda place, value: -value)) == [
        (("a",), {**expected, "a": -1}),
        (("b", "c", "0"), {**expected, "b": {"c": [-2, 3]}}),
        (("b", "c", "1"), {**expected, "b": {"c": [2, -3]}}),
        (("d",), {**expected, "d": 1.0}),
    ]


def test_no_shipped_case_holds_real_predictions() -> None:
    assert {read_case(path).kind for path in shipped()} <= {"synthetic", "adversarial"}


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared files at {SHARED}")
def test_every_shared_case_has_a_scorer() -> None:
    found = {f"{p.parent.name}/{_metric(p)}" for p in case_files(SHARED / "golden")}
    assert found - scorers().keys() == set()


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared files at {SHARED}")
@pytest.mark.parametrize("path", shared(), ids=name)
def test_ours_equals_the_official_scorer_on_shared_cases(path: Path) -> None:
    case = read_case(path)
    keys = compare(case, score(case, scorer_of(case)), scorer_of(case))
    assert [key for key in keys if key.status == "unequal"] == []
