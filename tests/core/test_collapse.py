"""Trainings that left nothing better than the majority baseline are flagged."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from harness import Example, Prediction, Regression
from harness.api import Outcome, carry_out
from harness.cli.run import losses
from harness.collapse import judge
from harness.plan import EvaluateCell
from harness.plan.planner import make_plan
from harness.plugins import Plugins, load_plugins
from harness.results import Caveats
from harness.suite import make_suite
from harness_reports.flags import flags_of
from harness_reports.html import to_html
from tests.core.toy_plugin import colour_task
from tests.reports.conftest import make_cell

LEARN = "finetune:learn,max_examples={}"


def go(toy: Plugins, folder: Path, regime: str, *models: str) -> Outcome:
    values = {"tasks": ["toy/colours"], "data": "sample", "seeds": [1, 2]}
    suite = make_suite({"models": models, "regimes": [regime], **values})
    return carry_out(make_plan(suite, toy), toy, str(folder / "s.sqlite"), "harness")


def learnt(toy: Plugins, metric: str) -> EvaluateCell:
    """Plan a fine-tuned cell on a task of that one metric."""
    values = {"models": ["memory:blank"], "tasks": ["toy/colours"], "data": "sample"}
    (cell,) = make_plan(
        make_suite({**values, "regimes": ["finetune:learn"]}), toy
    ).cells
    return replace(cell, task=colour_task("colours", metrics=(metric,)))


def said(*values: object) -> list[Prediction]:
    return [Prediction(id=str(i), value=v) for i, v in enumerate(values)]  # type: ignore[arg-type] # JSON


def true(*values: object) -> list[Example]:
    return [Example(id=str(i), columns={}, target=v) for i, v in enumerate(values)]  # type: ignore[arg-type] # JSON


def test_a_model_that_learnt_one_label_collapsed(toy: Plugins, tmp_path: Path) -> None:
    cells = go(toy, tmp_path, LEARN.format(1), "memory:blank").results.cells
    assert [(c.caveats.collapsed, c.caveats.majority) for c in cells] == [
        (True, c.score) for c in cells
    ]


def test_a_model_that_learnt_both_labels_did_not(toy: Plugins, tmp_path: Path) -> None:
    cells = go(toy, tmp_path, LEARN.format(8), "memory:blank").results.cells
    assert not any(c.caveats.collapsed for c in cells)


def test_what_was_not_trained_can_not_collapse(toy: Plugins, tmp_path: Path) -> None:
    (cell,) = go(toy, tmp_path, "zero-shot", "reader:").results.cells
    assert (cell.caveats.collapsed, cell.caveats.majority) == (False, None)


def test_the_page_and_the_summary_count_what_collapsed(
    toy: Plugins, tmp_path: Path
) -> None:
    results = go(toy, tmp_path, LEARN.format(1), "memory:blank").results
    assert "collapsed: 2 of 2 seeds no better than the majority" in to_html(results)
    assert list(losses(results.cells)) == [
        "2 collapsed, no better than the majority baseline, such as memory:blank on "
        "toy/colours, seed 1"
    ]


def test_one_word_for_everything_is_collapsed_whatever_it_scores(toy: Plugins) -> None:
    # red and blue are as frequent in training; red stands first, so is the majority
    judged = judge(
        learnt(toy, "accuracy"),
        toy,
        said("blue", "blue", "blue"),
        true("blue", "blue", "red"),
        200 / 3,
    )
    assert judged is not None
    assert judged.is_collapsed
    assert judged.majority == pytest.approx(100 / 3)


def test_the_right_answer_to_what_is_all_alike_is_no_collapse(toy: Plugins) -> None:
    cell, alike = learnt(toy, "accuracy"), true("blue", "blue")
    assert judge(cell, toy, said("blue", "blue"), alike, 100.0) == (0.0, False)


def test_an_undefined_majority_counts_as_nothing_learnt(toy: Plugins) -> None:
    task = colour_task("shades", problem=Regression(inputs=("text",), low=0, high=1))
    cell = replace(learnt(toy, "pearson"), task=replace(task, metrics=("pearson",)))
    assert cell.train is not None
    numbers = replace(cell.train, split=true(1.0, 2.0))  # type: ignore[arg-type] # read only
    cell = replace(cell, train=numbers)
    for score, is_collapsed in ((12.0, False), (-3.0, True), (math.nan, True)):
        judged = judge(cell, toy, said(1.0, 2.0), true(2.0, 1.0), score)
        assert judged == (0.0, is_collapsed)


def test_the_flag_says_what_it_was_compared_with() -> None:
    cell = make_cell(caveats=Caveats(collapsed=True, majority=68.38))
    (flag,) = flags_of([cell])
    assert flag.text == "collapsed: no better than the majority baseline (68.4)"


@pytest.mark.slow
def test_a_learning_rate_that_is_far_too_high_collapses(tmp_path: Path) -> None:
    plugins = load_plugins()
    suite = make_suite(
        {
            "models": ["bert:tiny"],
            "tasks": ["glue/sst2"],
            "data": "sample",
            "regimes": ["finetune:full,epochs=0.5,learning_rate=3"],
            "device": "cpu",
        }
    )
    plan = make_plan(suite, plugins)
    outcome = carry_out(plan, plugins, str(tmp_path / "s.sqlite"), "harness run")
    (cell,) = outcome.results.cells
    assert cell.caveats.collapsed, (cell.score, cell.reason)
