"""A whole run in one process, over models that need no torch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.api import Outcome, carry_out, checkpoints_of, open_store, read_results
from harness.events import CellFinished, CellStarted
from harness.hookspecs import hookimpl
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.results import CellResult
from harness.suite import make_suite
from harness.trainer import publish

LEARN = {"regimes": ["finetune:learn"]}


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "store.sqlite")


def go(toy: Plugins, place: str, *models: str, **settings: Any) -> Outcome:
    values = {"tasks": ["toy/colours"], "data": "sample"} | settings
    suite = make_suite({"models": list(models), **values})
    return carry_out(make_plan(suite, toy), toy, place, "harness run")


def only(outcome: Outcome) -> CellResult:
    (cell,) = outcome.results.cells
    return cell


def test_a_model_that_reads_scores_perfectly(toy: Plugins, place: str) -> None:
    cell = only(go(toy, place, "reader:"))
    assert [score.value for score in cell.scores] == [1.0, 1.0]
    assert (cell.score, cell.formulation, cell.prompt) == (100.0, "rank", "plain")


def test_a_trained_model_is_evaluated_from_its_checkpoint(
    toy: Plugins, place: str
) -> None:
    cell = only(go(toy, place, "memory:blank", **LEARN))
    folder = Path(cell.provenance["checkpoint"])
    assert cell.score == 100.0
    assert (folder.parent, folder.is_dir()) == (checkpoints_of(place), True)


def test_a_checkpoint_may_be_selected_on_a_slice_of_train(
    toy: Plugins, place: str
) -> None:
    regimes = ["finetune:learn,select=best,select_share=0.25"]
    assert only(go(toy, place, "memory:blank", regimes=regimes)).score == 100.0


def test_the_same_command_again_does_nothing(toy: Plugins, place: str) -> None:
    first = go(toy, place, "memory:blank", "reader:", **LEARN, seeds=[1, 2])
    again = go(toy, place, "memory:blank", "reader:", **LEARN, seeds=[1, 2])
    assert (first.finished.done, again.finished.done) == (2, 0)
    assert again.finished.cached == 2
    assert again.results.cells == first.results.cells


def test_a_cell_that_fails_leaves_the_others_standing(toy: Plugins, place: str) -> None:
    outcome = go(toy, place, "broken:", "reader:")
    statuses = {cell.model: cell.status for cell in outcome.results.cells}
    assert statuses == {"broken:": "failed", "reader:": "done"}
    assert (outcome.finished.failed, outcome.finished.done) == (1, 1)


def test_a_failed_cell_says_why_and_keeps_the_traceback(
    toy: Plugins, place: str
) -> None:
    cell = only(go(toy, place, "broken:"))
    assert cell.reason == "ZeroDivisionError: no colour"
    assert "in answer" in cell.provenance["traceback"]


def test_a_failed_cell_is_tried_again(toy: Plugins, place: str) -> None:
    go(toy, place, "broken:")
    assert go(toy, place, "broken:").finished.failed == 1


def test_what_waits_for_a_failed_training_is_blocked(toy: Plugins, place: str) -> None:
    regimes = ["finetune:learn,fails=true"]
    tasks = ["toy/colours", "toy/shades"]
    outcome = go(toy, place, "memory:blank", regimes=regimes, tasks=tasks)
    reasons = {(c.status, c.reason) for c in outcome.results.cells}
    told = "its training failed: the recipe was told to fail"
    assert reasons == {("blocked", told)}


def test_a_failed_training_leaves_no_checkpoint(toy: Plugins, place: str) -> None:
    go(toy, place, "memory:blank", regimes=["finetune:learn,fails=true"])
    assert list(checkpoints_of(place).iterdir()) == []


def test_what_a_broken_off_training_kept_is_there_for_the_next(
    toy: Plugins, place: str
) -> None:
    go(toy, place, "memory:blank", regimes=["finetune:learn,breaks_off=true"])
    cell = only(go(toy, place, "memory:blank", **LEARN))
    assert cell.provenance["training"] == "resumed from snapshots: 1; went well"
    kept = [path.name for path in checkpoints_of(place).iterdir()]
    assert kept == [Path(cell.provenance["checkpoint"]).name]


def test_a_result_says_how_much_its_training_changed(toy: Plugins, place: str) -> None:
    cell = only(go(toy, place, "memory:blank", **LEARN))
    assert cell.provenance["trained_parameters"] == "1"
    assert cell.cost.trained_parameters == 1


@pytest.mark.parametrize("content", [None, "{", '{"red": "red"}'])
def test_a_damaged_checkpoint_is_trained_again(
    toy: Plugins, place: str, content: str | None
) -> None:
    cell = only(go(toy, place, "memory:blank", **LEARN))
    memory = Path(cell.provenance["checkpoint"]) / "memory.json"
    whole = memory.read_text()
    memory.unlink()
    if content is not None:
        memory.write_text(content)
    assert only(go(toy, place, "memory:blank", **LEARN, limit=6)).score == 100.0
    assert memory.read_text() == whole


def test_a_whole_checkpoint_is_not_trained_again(toy: Plugins, place: str) -> None:
    cell = only(go(toy, place, "memory:blank", **LEARN))
    memory = Path(cell.provenance["checkpoint"]) / "memory.json"
    before = memory.stat().st_ino
    go(toy, place, "memory:blank", **LEARN, limit=6)
    assert memory.stat().st_ino == before


def test_what_cannot_be_asked_is_among_the_results(toy: Plugins, place: str) -> None:
    outcome = go(toy, place, "memory:blank", "reader:")
    blank = next(c for c in outcome.results.cells if c.model == "memory:blank")
    assert (blank.status, blank.metrics_column) == ("blocked", "")
    assert outcome.finished.blocked == 0


def test_what_became_askable_is_no_longer_shown_as_not(
    toy: Plugins, place: str, tmp_path: Path
) -> None:
    settings = {"tasks": [{"id": "toy/shades", "data": str(tmp_path)}, "toy/colours"]}
    go(toy, place, "reader:", **settings, skip_unavailable=True)
    go(toy, place, "reader:", tasks=["toy/shades"])
    with open_store(place) as store:
        statuses = [cell.status for cell in store.results()]
    assert statuses == ["done", "done"]


def test_a_checkpoint_serves_a_later_task_without_training(
    toy: Plugins, place: str
) -> None:
    go(toy, place, "memory:blank", **LEARN)
    started: list[str] = []

    class Listener:
        @hookimpl
        def harness_cell_started(self, event: CellStarted) -> None:
            started.append(event.kind)

    toy.listen(Listener())
    later = go(toy, place, "memory:blank", **LEARN, tasks=["toy/shades"])
    assert (only(later).score, started) == (100.0, ["evaluate"])


def test_a_checkpoint_that_was_deleted_is_trained_again(
    toy: Plugins, place: str
) -> None:
    first = only(go(toy, place, "memory:blank", **LEARN))
    shutil.rmtree(first.provenance["checkpoint"])
    later = go(toy, place, "memory:blank", **LEARN, tasks=["toy/shades"])
    assert only(later).score == 100.0


def test_training_on_few_examples_keeps_both_labels(toy: Plugins, place: str) -> None:
    regimes = ["finetune:learn,max_examples=4"]
    cell = only(go(toy, place, "memory:blank", regimes=regimes))
    known = Path(cell.provenance["checkpoint"]) / "memory.json"
    assert json.loads(known.read_text("utf-8")) == {"red": "red", "blue": "blue"}


def test_a_checkpoint_asked_about_its_own_training_is_marked(
    toy: Plugins, place: str
) -> None:
    own = only(go(toy, place, "memory:blank", **LEARN, split="train"))
    other = only(go(toy, place, "memory:blank", **LEARN))
    marks = (own.caveats.selected_on_evaluated, other.caveats.selected_on_evaluated)
    assert marks == (True, False)


def test_a_finished_checkpoint_replaces_an_orphan(tmp_path: Path) -> None:
    fresh, place = tmp_path / "fresh", tmp_path / "place"
    for folder in (fresh, place):
        folder.mkdir()
        (folder / folder.name).touch()
    publish(fresh, place)
    assert [path.name for path in place.iterdir()] == ["fresh"]


def test_the_python_call_runs_a_suite(tmp_path: Path) -> None:
    toy_file = str(Path(__file__).parent / "toy_plugin.py")
    settings: dict[str, Any] = {"data": "sample", "plugins": [toy_file], "limit": 4}
    store = str(tmp_path / "store.sqlite")
    results = harness.run(["reader:"], ["toy/colours"], store=store, **settings)
    assert [cell.score for cell in results.cells] == [100.0]


def test_answers_are_shared_between_cells(toy: Plugins, place: str) -> None:
    go(toy, place, "reader:", limit=10)
    cell = only(go(toy, place, "reader:"))
    assert (cell.caveats.cached, cell.cost.seconds) == (10, None)


def test_answers_are_shared_whatever_the_batch_and_not_across_precisions(
    toy: Plugins, place: str
) -> None:
    go(toy, place, "reader:", limit=10)
    other = only(go(toy, place, "reader:", limit=10, dtype="bf16"))
    larger = only(go(toy, place, "reader:", batch_tokens=9999))
    assert (other.caveats.cached, larger.caveats.cached) == (0, 10)


def test_a_result_says_its_precision(toy: Plugins, place: str) -> None:
    exact = only(go(toy, place, "reader:", limit=10))
    half = only(go(toy, place, "reader:", limit=10, dtype="bf16"))
    assert (exact.dtype, half.dtype) == ("fp32", "bf16")
    assert half.drift is not None


def test_a_limit_draws_both_labels_and_is_marked(toy: Plugins, place: str) -> None:
    cell = only(go(toy, place, "reader:", limit=6))
    assert cell.confusion == (("red", "blue"), ((3, 0), (0, 3)))
    assert (cell.caveats.is_partial, cell.caveats.split_size) == (True, 20)


def test_a_model_is_asked_with_exemplars(toy: Plugins, place: str) -> None:
    cell = only(go(toy, place, "reader:", regimes=["few-shot:2"]))
    assert (cell.regime, cell.score) == ("few-shot:2", 100.0)


def test_a_page_marks_sample_data(toy: Plugins, place: str) -> None:
    assert only(go(toy, place, "reader:")).caveats.is_sample


def test_the_command_of_a_cell_repeats_it(toy: Plugins, place: str) -> None:
    cell = only(go(toy, place, "memory:blank", **LEARN))
    assert cell.provenance["command"].startswith(
        "harness run --model memory:blank --task toy/colours --regime finetune:learn"
    )


def test_the_command_of_a_cell_loads_its_plugins(toy: Plugins, place: str) -> None:
    command = only(go(toy, place, "reader:")).provenance["command"]
    assert "--plugin harness.builtin --plugin " in command
    assert command.endswith("toy_plugin.py")


def test_predictions_and_examples_are_in_the_store(toy: Plugins, place: str) -> None:
    cell = only(go(toy, place, "reader:"))
    with open_store(place) as store:
        kept = store.predictions(cell.fingerprint)
    assert [p.value for _, p in kept] == [e.target for e, _ in kept]
    assert len(kept) == 20


def test_a_leaderboard_reads_every_run_of_a_store(toy: Plugins, place: str) -> None:
    go(toy, place, "reader:")
    go(toy, place, "memory:blank", **LEARN)
    with open_store(place) as store:
        found = read_results(store, toy, None, title="all", command="")
    assert {cell.model for cell in found.cells} == {"reader:", "memory:blank"}
    assert [benchmark.id for benchmark in found.benchmarks] == ["toy"]


def test_listeners_hear_how_every_cell_ended(toy: Plugins, place: str) -> None:
    heard: list[CellFinished] = []

    class Listener:
        @hookimpl
        def harness_cell_finished(self, event: CellFinished) -> None:
            heard.append(event)

    toy.listen(Listener())
    go(toy, place, "broken:", "reader:")
    assert [(event.status, event.score) for event in heard] == [
        ("failed", None),
        ("done", 100.0),
    ]


def test_results_become_a_table(toy: Plugins, place: str) -> None:
    frame = go(toy, place, "reader:").results.to_pandas()
    assert list(frame["metric"]) == ["accuracy", "f1,positive=red"]
    assert list(frame["score"]) == [100.0, 100.0]


def test_every_point_of_a_grid_is_a_row_of_its_own(toy: Plugins, place: str) -> None:
    regimes = ["finetune:learn,max_examples=2|24"]
    outcome = go(toy, place, "memory:blank", regimes=regimes, seeds=[1, 2])
    rows = [(cell.row[2], cell.seed) for cell in outcome.results.cells]
    assert rows == [
        (f"max_examples={count}", seed) for count in (2, 24) for seed in (1, 2)
    ]
    scores = [cell.score for cell in outcome.results.cells]
    assert scores[2:] == [100.0, 100.0]
