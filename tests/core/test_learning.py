"""What a train cell learns from, and what its checkpoint is selected on."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from harness import CommonSettings, DataError, UsageError
from harness.api import Outcome, carry_out
from harness.cli.planning import print_trainings
from harness.plan import TrainCell
from harness.plan.learning import lesson_of, size_of
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.suite import make_suite
from harness_reports.html import to_html


def trained(toy: Plugins, settings: str, **more: object) -> TrainCell:
    values = {"models": ["memory:blank"], "tasks": ["toy/colours"], "data": "sample"}
    regimes = [f"finetune:learn{settings}"]
    plan = make_plan(make_suite(values | {"regimes": regimes} | more), toy)
    return next(plan.trains)


def go(toy: Plugins, folder: Path, settings: str, **more: object) -> Outcome:
    values = {"models": ["memory:blank"], "tasks": ["toy/colours"], "data": "sample"}
    regimes = [f"finetune:learn{settings}"]
    suite = make_suite(values | {"regimes": regimes} | more)
    place = str(folder / "store.sqlite")
    return carry_out(make_plan(suite, toy), toy, place, "harness run")


def test_few_examples_are_balanced_and_come_from_the_training_split(
    toy: Plugins,
) -> None:
    cell = trained(toy, ",train_examples=8")
    examples, selection = lesson_of(cell)
    assert Counter(e.target for e in examples) == {"red": 4, "blue": 4}
    assert all(" train " in str(e.columns["text"]) for e in examples)
    assert selection == []


def test_another_seed_learns_from_other_examples(toy: Plugins) -> None:
    one, other = (
        {e.id for e in lesson_of(trained(toy, ",train_examples=8", seeds=[s])).examples}
        for s in (1, 2)
    )
    assert one != other


def test_the_selection_slice_is_among_the_few_examples(toy: Plugins) -> None:
    few = {e.id for e in lesson_of(trained(toy, ",train_examples=8")).examples}
    settings = ",train_examples=8,select=best,select_share=0.25"
    examples, selection = lesson_of(trained(toy, settings))
    assert (len(examples), len(selection)) == (6, 2)
    assert {e.id for e in (*examples, *selection)} == few


def test_more_examples_than_there_are_cannot_be_learnt_from(toy: Plugins) -> None:
    with pytest.raises(UsageError, match=r"train_examples=99 is more than the 24 exam"):
        trained(toy, ",train_examples=99")


def test_selecting_on_the_evaluated_split_is_flagged(
    toy: Plugins, tmp_path: Path
) -> None:
    outcome = go(toy, tmp_path, ",select=best,select_on=evaluate")
    (cell,) = outcome.results.cells
    assert cell.caveats.selected_on_evaluated
    assert cell.provenance["selected_on"] == cell.provenance["data"]
    assert "trained or chosen on the evaluated split" in to_html(outcome.results)


@pytest.mark.parametrize(
    ("settings", "split"),
    [(",select=best", "validation"), (",select=best,select_on=evaluate", "train2")],
)
def test_selecting_on_other_examples_than_the_evaluated_is_not_flagged(
    toy: Plugins, tmp_path: Path, settings: str, split: str
) -> None:
    (cell,) = go(toy, tmp_path, settings, split=split).results.cells
    assert cell.split == split
    assert not cell.caveats.selected_on_evaluated


@pytest.mark.parametrize(
    "settings", ["", ",select=best", ",select=best,train_examples=8"]
)
def test_the_evaluated_split_is_not_looked_at_unless_the_suite_says_so(
    toy: Plugins, settings: str
) -> None:
    examples, selection = lesson_of(trained(toy, settings))
    texts = [str(example.columns["text"]) for example in (*examples, *selection)]
    assert all(" train " in text for text in texts)


def test_what_is_selected_on_is_part_of_the_cells_identity(toy: Plugins) -> None:
    marks = {
        trained(toy, settings).fingerprint
        for settings in ("", ",select=best", ",select=best,select_on=evaluate")
    }
    assert len(marks) == 3


def test_selecting_on_a_split_without_labels_is_refused(toy: Plugins) -> None:
    with pytest.raises(DataError, match="no labels, so nothing can be learnt"):
        trained(toy, ",select=best,select_on=submit")


def test_a_split_to_select_on_without_selection_is_refused() -> None:
    with pytest.raises(UsageError, match=r"select_on is 'evaluate', expected select=b"):
        CommonSettings(select_on="evaluate")


@pytest.mark.parametrize("name", ["train_examples", "max_examples"])
def test_no_example_at_all_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"setting {name} is 0, expected 1 or more"):
        CommonSettings(**{name: 0})  # type: ignore[arg-type] # any field


def test_few_examples_train_end_to_end(toy: Plugins, tmp_path: Path) -> None:
    (cell,) = go(toy, tmp_path, ",train_examples=2").results.cells
    known = Path(cell.provenance["checkpoint"]) / "memory.json"
    assert set(json.loads(known.read_text("utf-8"))) == {"red", "blue"}


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ("", 24),
        (",max_examples=5", 5),
        (",max_examples=99", 24),
        (",train_examples=8", 8),
        (",select=best,select_share=0.25", 18),
        (",select=best,select_on=evaluate", 24),
        (",select=best,train_examples=8,max_examples=5", 5),
    ],
)
def test_the_plan_knows_how_many_examples_are_learnt_from(
    toy: Plugins, settings: str, size: int
) -> None:
    cell = trained(toy, settings)
    assert size_of(cell) == len(lesson_of(cell).examples) == size


def test_the_plan_shows_trainings_and_what_is_known_of_them(
    toy: Plugins, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {"models": ["memory:blank"], "tasks": ["toy/colours"], "data": "sample"}
    regimes = ["finetune:learn,max_examples=4"]
    plan = make_plan(make_suite({**values, "regimes": regimes}), toy)
    place = str(tmp_path / "store.sqlite")
    print_trainings(list(plan.trains), place)
    carry_out(plan, toy, place, "harness run")
    print_trainings(list(plan.trains), place)
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    start = (
        "memory:blank toy/colours finetune:learn,max_examples=4 head 1 4 of 24 unknown"
    )
    assert f"{start} unknown to do" in told
    assert f"{start} 1 in the store" in told
