"""The Python call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import harness
from harness import UsageError
from harness.commands import suite_call
from harness.suite import make_suite

TOY = str(Path(__file__).parent / "toy_plugin.py")
COLOURS: Mapping[str, Any] = {
    "models": ["reader:"],
    "tasks": [{"id": "toy/colours", "limit": 6}],
    "data": "sample",
    "dtype": "bf16",
    "plugins": [TOY],
}


def test_a_call_returns_the_results_and_may_be_made_again(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    first, second = (harness.run(**COLOURS, store=store) for _ in range(2))
    assert [cell.score for cell in first.cells] == [100.0]
    assert second.cells == first.cells


@pytest.mark.parametrize("name", ["models", "tasks", "regimes"])
def test_a_text_where_a_list_belongs_is_refused(name: str) -> None:
    given: Any = {"models": ["reader:"], "tasks": ["toy"], name: "reader:"}
    with pytest.raises(UsageError, match=f"{name}='reader:': input should be a valid"):
        harness.run(**given)


def test_the_call_that_repeats_a_suite_makes_the_same_suite() -> None:
    suite = make_suite(COLOURS)
    call = suite_call(suite).removeprefix("harness.run")
    assert eval(f"make_suite(dict{call})") == suite


def test_the_call_that_repeats_a_suite_says_plain_tasks_plainly() -> None:
    suite = make_suite({"models": ["majority:"], "tasks": ["glue"]})
    assert suite_call(suite) == "harness.run(models=['majority:'], tasks=['glue'])"
