"""Baselines in a plan: what they learn from, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from harness import UsageError
from harness.plan import Plan
from harness.plan.planner import make_plan
from harness.plugins import Plugins, load_plugins
from harness.suite import make_suite
from tests.core.conftest import TOY


@pytest.fixture
def plugins() -> Plugins:
    """Load the toy tasks with the real baselines."""
    names = ["harness.builtin", str(TOY), "harness_baselines.plugin"]
    return load_plugins([*names, "harness_text.plugin"], entry_points=False)


def _plan(plugins: Plugins, *models: str, task: str, **settings: Any) -> Plan:
    values = {"models": list(models), "tasks": [task], "data": "sample"} | settings
    return make_plan(make_suite(values), plugins)


def test_what_learns_gets_the_training_split(plugins: Plugins) -> None:
    (cell,) = _plan(plugins, "ngram:", task="text/perplexity").cells
    assert cell.train_split is not None
    assert cell.train_split.name == "train"


def test_what_only_looks_at_the_row_gets_none(plugins: Plugins) -> None:
    (cell,) = _plan(plugins, "majority:", task="text/perplexity").cells
    assert cell.train_split is None


def test_what_is_refused_says_why_beside_what_runs(plugins: Plugins) -> None:
    made = _plan(plugins, "majority:", "oracle:", task="text/perplexity")
    assert [str(cell.model) for cell in made.cells] == ["majority:"]
    (refused,) = made.unaskable
    assert refused.reason == (
        "oracle: can't answer text/perplexity: a text has no right likelihood that an "
        "oracle could give: ask a model, or the baseline ngram:"
    )


def test_a_baseline_of_texts_refuses_labels(plugins: Plugins) -> None:
    with pytest.raises(UsageError) as error:
        _plan(plugins, "ngram:", task="toy/colours")
    assert str(error.value) == (
        "nothing to run: ngram: can't answer toy/colours: it says the likelihood of "
        "texts, expected a perplexity task"
    )
