"""The suite of all recipes on five tasks plans."""

from __future__ import annotations

from collections.abc import Callable

from harness.suite import load_suite
from tests.conftest import Outcome
from tests.places import ROOT

SUITE = ROOT / "benchmarks" / "finetune_matrix.yaml"


def test_the_matrix_holds_every_recipe_of_ours() -> None:
    named = {regime.partition(",")[0] for regime in load_suite(SUITE).regimes}
    ours = ["full", "lora", "adapter", "prompt-tuning", "linear-probe"]
    assert named == {f"finetune:{recipe}" for recipe in ours}


def test_the_matrix_plans_on_the_sample(run_command: Callable[..., Outcome]) -> None:
    words = ["--model", "bert:tiny", "--model", "majority:", "--data", "sample"]
    planned = run_command("plan", str(SUITE), *words)
    assert planned.code == 0, planned.error
    # 5 tasks, of which each recipe trains 3 seeds, and the baseline answers once
    assert "80 evaluations, 80 to do, behind 75 trainings" in planned.out
