"""Exported checkpoints: which one is meant, and what its card says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from harness import ModelName, UsageError
from harness.api import carry_out
from harness.export import choose_model, choose_trained, export_checkpoint
from harness.export.checkpoint import split_adapter
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.results import Caveats, CellResult
from harness.suite import make_suite


@pytest.fixture
def cells(toy: Plugins, tmp_path: Path) -> list[CellResult]:
    suite = make_suite(
        {
            "models": ["memory:blank", "reader:"],
            "tasks": ["toy/colours", "toy/shades"],
            "regimes": ["finetune:learn,max_examples=8|24", "zero-shot"],
            "seeds": [1, 2],
            "data": "sample",
        }
    )
    plan = make_plan(suite, toy)
    outcome = carry_out(plan, toy, str(tmp_path / "s.sqlite"), "harness run it")
    return list(outcome.results.cells)


WHOLE = "finetune:learn,max_examples=24"


def test_a_checkpoint_comes_with_all_its_results_its_own_task_first(
    cells: list[CellResult],
) -> None:
    chosen = choose_trained(cells, task="toy/shades", regime=WHOLE, seed=2)
    assert [cell.task for cell in chosen.cells] == ["toy/shades", "toy/colours"]
    assert {cell.seed for cell in chosen.cells} == {2}


def test_several_checkpoints_are_named(cells: list[CellResult]) -> None:
    told = r"holds 2 checkpoints .*max_examples=24 seed 1; .* seed 2\): choose"
    with pytest.raises(UsageError, match=told):
        choose_trained(cells, task="toy/colours", regime=WHOLE)


def test_a_task_without_a_checkpoint_lists_those_with_one(
    cells: list[CellResult],
) -> None:
    with pytest.raises(
        UsageError, match=r"for toy/hues, seed 1, .* toy/colours, toy/s"
    ):
        choose_trained(cells, task="toy/hues", seed=1)


def test_a_named_model_comes_with_its_own_results(cells: list[CellResult]) -> None:
    chosen = choose_model(ModelName.parse("reader:"), cells)
    assert [cell.model for cell in chosen.cells] == ["reader:", "reader:"]


def test_a_named_checkpoint_comes_with_its_own_results(
    cells: list[CellResult],
) -> None:
    folder = cells[0].provenance["checkpoint"]
    chosen = choose_model(ModelName.parse(f"memory:{folder}"), cells)
    assert [cell.task for cell in chosen.cells] == ["toy/colours", "toy/shades"]


def test_the_card_holds_scores_that_the_hub_reads(
    toy: Plugins, cells: list[CellResult], tmp_path: Path
) -> None:
    chosen = choose_trained(cells, task="toy/colours", regime=WHOLE, seed=1)
    export_checkpoint(chosen, tmp_path / "model", toy)
    data = ModelCard.load(tmp_path / "model" / "README.md").data
    assert (data.model_name, data.license) == ("model", "unknown")
    assert [
        (one.dataset_name, one.dataset_split, one.metric_type, one.metric_value)
        for one in data.eval_results or ()
    ] == [
        ("Colours", "validation", "accuracy", 1.0),
        ("Colours", "validation", "f1", 1.0),
        ("Shades", "validation", "accuracy", 1.0),
        ("Shades", "validation", "f1", 1.0),
    ]


def test_the_card_says_of_a_partial_score_how_much_it_is_of(
    toy: Plugins, cells: list[CellResult], tmp_path: Path
) -> None:
    chosen = choose_trained(cells, task="toy/colours", regime=WHOLE, seed=1)
    part = [
        replace(cell, caveats=Caveats(limit=10, split_size=20)) for cell in chosen.cells
    ]
    export_checkpoint(replace(chosen, cells=tuple(part)), tmp_path / "model", toy)
    found = ModelCard.load(tmp_path / "model" / "README.md").data.eval_results or []
    assert [one.dataset_args for one in found] == [{"examples": 10, "of": 20}] * 4


@pytest.mark.parametrize(
    "told",
    [
        "- base model: `memory:blank`",
        "- regime: `finetune:learn,max_examples=24`",
        "max_examples=24",
        "- seed: 1",
        "| toy/colours | validation | `accuracy\\|n:20\\|v:1` |",
        "generated sample data",
        "harness run --model memory:blank",
        "- versions: nlp-harness ",
        "Not known to the program",
    ],
)
def test_the_card_says_how_the_model_came_to_be(
    toy: Plugins, cells: list[CellResult], tmp_path: Path, told: str
) -> None:
    chosen = choose_trained(cells, task="toy/colours", regime=WHOLE, seed=1)
    export_checkpoint(chosen, tmp_path / "model", toy)
    assert told in (tmp_path / "model" / "README.md").read_text("utf-8")


def test_the_checkpoints_files_are_copied_as_they_are(
    toy: Plugins, cells: list[CellResult], tmp_path: Path
) -> None:
    chosen = choose_trained(cells, task="toy/colours", regime=WHOLE, seed=1)
    export_checkpoint(chosen, tmp_path / "model", toy)
    own = Path(chosen.name.checkpoint) / "memory.json"
    assert (tmp_path / "model" / "memory.json").read_bytes() == own.read_bytes()


def test_nothing_is_overwritten(
    toy: Plugins, cells: list[CellResult], tmp_path: Path
) -> None:
    chosen = choose_trained(cells, task="toy/colours", regime=WHOLE, seed=1)
    with pytest.raises(UsageError, match="is there already: name a folder that is not"):
        export_checkpoint(chosen, tmp_path, toy)


def refused(toy: Plugins, model: str, out: Path, *, merge: bool = False) -> str:
    chosen = choose_model(ModelName.parse(model), ())
    with pytest.raises(UsageError) as caught:
        export_checkpoint(chosen, out / "model", toy, merge=merge)
    assert not (out / "model").exists()
    return str(caught.value)


def test_what_has_no_weights_to_write_is_refused(toy: Plugins, tmp_path: Path) -> None:
    assert "is a baseline without weights" in refused(toy, "careless:", tmp_path)
    assert "its adapter reader only asks it" in refused(toy, "reader:", tmp_path)
    assert "has no head to write" in refused(toy, "memory:blank", tmp_path)


def test_what_has_no_adapter_can_not_be_merged(toy: Plugins, tmp_path: Path) -> None:
    told = refused(toy, "memory:blank", tmp_path, merge=True)
    assert "has no adapter to merge, expected base+adapter" in told


def test_a_name_is_split_where_there_is_an_adapters_folder(tmp_path: Path) -> None:
    (tmp_path / "a+b").mkdir()
    assert split_adapter(str(tmp_path / "a+b")) == (None, tmp_path / "a+b")
    assert split_adapter(f"org/base+{tmp_path}") == ("org/base", tmp_path)
    assert split_adapter("org/base+nowhere") == (None, None)
