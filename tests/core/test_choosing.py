"""The best of several settings, chosen on the selection slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import UsageError
from harness.api import Outcome, carry_out
from harness.choosing import choose_best
from harness.plan import EvaluateCell, Plan
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.regime import Regime
from harness.results import CellResult
from harness.suite import make_suite

GRID = "finetune:learn,select=best,max_examples=2|20,choose=best"


def planned(toy: Plugins, *regimes: str, **more: Any) -> Plan:
    values = {"models": ["memory:blank"], "tasks": ["toy/colours"], "data": "sample"}
    return make_plan(make_suite(values | {"regimes": list(regimes)} | more), toy)


def go(toy: Plugins, folder: Path, *regimes: str, **more: Any) -> Outcome:
    plan = planned(toy, *regimes, **more)
    return carry_out(plan, toy, str(folder / "store.sqlite"), "harness run")


def only(outcome: Outcome) -> CellResult:
    (cell,) = outcome.results.cells
    return cell


@pytest.fixture
def cell(toy: Plugins) -> EvaluateCell:
    (cell,) = planned(toy, GRID).cells
    return cell


def reports(cell: EvaluateCell, *scores: float | None) -> dict[str, Any]:
    """Return the reports of trainings that did not fail."""
    marks = [one.fingerprint for one in cell.candidates]
    return {
        mark: {"selection_score": score}
        for mark, score in zip(marks, scores, strict=True)
        if score != -1
    }


def test_a_grid_to_choose_from_is_one_row_behind_all_its_trainings(
    toy: Plugins,
) -> None:
    plan = planned(toy, GRID)
    (job,) = plan.jobs
    assert [one.settings.max_examples for one in job.trains] == [2, 20]
    assert len(job.evaluates) == 1


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ((0.5, 0.9), 1),
        ((0.9, 0.5), 0),
        ((0.7, 0.7), 0),
        ((None, -3.0), 1),
        ((-1, None), 1),
    ],
)
def test_the_highest_selection_score_is_chosen(
    cell: EvaluateCell, scores: tuple[float | None, ...], best: int
) -> None:
    choice = choose_best(cell, reports(cell, *scores).get)
    assert choice.cell.train == cell.candidates[best]
    assert choice.cell.fingerprint == cell.fingerprint


def test_the_choice_says_what_it_was_chosen_from(cell: EvaluateCell) -> None:
    told = choose_best(cell, reports(cell, -1, 0.91234).get).told
    assert told == (
        "finetune:learn,max_examples=20,select=best, by the score on the selection "
        "slice (finetune:learn,max_examples=2,select=best: failed; "
        "finetune:learn,max_examples=20,select=best: 0.9123)"
    )


def test_a_run_evaluates_the_chosen_training_and_says_which(
    toy: Plugins, tmp_path: Path
) -> None:
    found = only(go(toy, tmp_path, GRID))
    assert found.score == 100.0
    assert found.provenance["chosen"].startswith("finetune:learn,max_examples=")
    assert found.settings["max_examples"] == "2|20"
    assert not found.caveats.selected_on_evaluated


def test_the_evaluated_split_chooses_only_where_the_suite_says_so_and_is_flagged(
    toy: Plugins, tmp_path: Path
) -> None:
    found = only(
        go(toy, tmp_path, GRID.replace("=best,", "=best,select_on=evaluate,", 1))
    )
    assert found.caveats.selected_on_evaluated


def test_a_setting_that_fails_is_not_chosen(toy: Plugins, tmp_path: Path) -> None:
    regime = "finetune:learn,select=best,fails=true|false,choose=best"
    found = only(go(toy, tmp_path, regime))
    assert (found.status, found.score) == ("done", 100.0)
    assert "fails=true,select=best: failed" in found.provenance["chosen"]


def test_where_all_settings_fail_the_row_is_blocked(
    toy: Plugins, tmp_path: Path
) -> None:
    regime = "finetune:learn,select=best,fails=true,max_examples=2|4,choose=best"
    found = only(go(toy, tmp_path, regime))
    assert (found.status, found.reason) == (
        "blocked",
        "its training failed: the recipe was told to fail",
    )


def test_a_choice_is_made_once_and_kept(toy: Plugins, tmp_path: Path) -> None:
    go(toy, tmp_path, GRID)
    assert go(toy, tmp_path, GRID).finished.cached == 1


def test_trainings_of_a_plain_grid_serve_the_choice(
    toy: Plugins, tmp_path: Path
) -> None:
    plain = GRID.replace(",choose=best", "")
    go(toy, tmp_path, plain)
    folders = sorted((tmp_path / "checkpoints").iterdir())
    go(toy, tmp_path, GRID)
    assert sorted((tmp_path / "checkpoints").iterdir()) == folders


def test_choosing_without_a_selection_slice_is_refused(toy: Plugins) -> None:
    with pytest.raises(UsageError, match=r"select is 'last': add select=best"):
        planned(toy, "finetune:learn,max_examples=2|4,choose=best")


@pytest.mark.parametrize(
    "text",
    [
        "finetune:full,choose=best",
        "finetune:full,epochs=1|2,choose=worst",
        "finetune:full|lora,epochs=1|2,choose=best",
    ],
)
def test_a_choice_from_nothing_is_refused(text: str) -> None:
    with pytest.raises(
        UsageError, match=r"expected choose=best in a fine-tuning by one"
    ):
        Regime.parse_grid(text)


def test_the_values_to_choose_from_are_checked() -> None:
    with pytest.raises(UsageError, match="empty or the same"):
        Regime.parse_grid("finetune:full,epochs=1|1,choose=best")


def test_a_cell_without_candidates_stays_as_it_is(toy: Plugins) -> None:
    (cell,) = planned(toy, "finetune:learn").cells
    assert choose_best(cell, lambda _: None) == (cell, "")
