"""The table of recipes: its tests against scipy and hand cases, and what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import permutation_test

from benchmarks.against_baseline import (
    Answers,
    compare,
    compare_errors,
    compare_hits,
    squared_errors,
)
from benchmarks.recipes_table import Row, Trained, markdown, regime_of, spread
from harness.errors import DataError
from harness.requests import JsonValue
from harness.task import Example, Prediction


def answers(said: list[JsonValue], true: list[JsonValue]) -> Answers:
    return [
        (
            Example(id=str(place), columns={}, target=target),
            Prediction(id=str(place), value=value),
        )
        for place, (value, target) in enumerate(zip(said, true, strict=True))
    ]


def test_mcnemar_counts_what_one_of_both_gets_right_alone() -> None:
    # by hand: 8 against 1 of 9 coins, so p = 2 (9 + 1) / 2^9
    paired = compare_hits([True] * 8 + [False] + [True] * 5, [False] * 8 + [True] * 6)
    assert (paired.model, paired.baseline, paired.is_better) == (8, 1, True)
    assert paired.p == pytest.approx(20 / 512)


def test_equal_answers_are_no_difference() -> None:
    assert compare_hits([True, False], [True, False]).p == 1.0


def test_squared_errors_are_randomised_as_scipy_does() -> None:
    draw = np.random.default_rng(1)
    ours, theirs = draw.random(40), draw.random(40) + 0.12
    reference = permutation_test(
        (ours, theirs),
        lambda a, b, axis: abs(np.mean(a, axis) - np.mean(b, axis)),
        permutation_type="samples",
        vectorized=True,
        alternative="greater",
        n_resamples=20_000,
        rng=np.random.default_rng(2),
    )
    paired = compare_errors(ours, theirs)
    assert paired.is_better
    assert paired.p == pytest.approx(reference.pvalue, abs=0.01)


def test_numbers_are_compared_by_their_squared_errors() -> None:
    true: list[JsonValue] = [1.0, 2.0]
    paired = compare(answers([1.5, 2.0], true), answers([3.0, 3.0], true))
    assert (paired.model, paired.baseline) == (0.125, 2.5)


def test_answers_are_compared_by_example_and_not_by_place() -> None:
    true: list[JsonValue] = ["a", "b"]
    paired = compare(answers(["a", "b"], true), answers(["a", "c"], true)[::-1])
    assert (paired.model, paired.baseline) == (1, 0)


def test_other_examples_can_not_be_compared() -> None:
    one, two = answers(["a"], ["a"]), answers(["a", "a"], ["a", "b"])
    with pytest.raises(DataError, match="the model answered 1 examples and the base"):
        compare(one, two)


def test_a_missing_number_is_refused() -> None:
    with pytest.raises(DataError, match="example '0' was answered with None, expected"):
        squared_errors(answers([None], [1.0]))


def test_a_recipe_s_own_settings_win() -> None:
    found = regime_of("lora,epochs=5", {"epochs": "1", "dropout": "0"})
    assert found == "finetune:lora,dropout=0,epochs=5"


def test_several_seeds_have_a_standard_deviation() -> None:
    assert spread([1.0, 3.0]) == "2.0 ± 1.4"  # the square root of 2


def test_the_table_tells_scores_speed_memory_and_the_test() -> None:
    paired = compare_hits([True] * 6, [False] * 6)
    one = Trained(
        seed=1,
        status="done",
        scores={"accuracy": 71.25},
        seconds=4.0,
        examples_per_s=25.0,
        trained_parameters=1234,
        peak_memory_bytes=2**21,
        against_baseline=paired,
    )
    lines = list(markdown([Row(task="glue/rte", recipe="lora", seeds=(one,))]))
    assert (
        "| lora | 71.2 | 71.2 | 1,234 | 25.0 | 4 | 2 | 6 : 0, p 0.031 | 0.031 |"
        in lines
    )


def test_a_failed_seed_stands_under_the_table() -> None:
    failed = Trained(seed=2, status="failed", reason="the loss is nan")
    lines = list(markdown([Row(task="glue/rte", recipe="full", seeds=(failed,))]))
    assert "full, seed 2, failed: the loss is nan\n" in lines


@pytest.mark.slow
def test_the_script_trains_and_measures(tmp_path: Path) -> None:
    words = ["bert:tiny", "sample", "--tasks", "glue/rte", "--seeds", "1", "2"]
    words += ["--recipes", "full", "--epochs", "0.2", "--json", f"{tmp_path}/all.json"]
    script = [sys.executable, "-m", "benchmarks.recipes_table", *words]
    subprocess.run([*script, "--store", f"{tmp_path}/s.sqlite"], check=True)
    _, row = json.loads((tmp_path / "all.json").read_text())
    assert [one["seed"] for one in row["seeds"]] == [1, 2]
    for one in row["seeds"]:
        assert one["peak_memory_bytes"] > one["trained_parameters"] > 1000
        assert 0 < one["against_baseline"]["p"] <= 1
