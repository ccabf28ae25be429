"""Suites from YAML and from options."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import UsageError
from harness.cli.suite_options import read_suite
from harness.suite import Suite, TaskChoice, load_suite, make_suite

WHOLE = """\
title: encoders
models: [bert:tiny, "majority:"]
tasks:
  - glue
  - {id: glue/mrpc, data: elsewhere, limit: 10, prompt: t5}
regimes:
  - zero-shot
  - finetune: {recipe: full, epochs: 2}
data: sample
seeds: [1, 2]
"""


def read(folder: Path, text: str) -> Suite:
    path = folder / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return load_suite(path)


def choice(suite: Suite, task: str) -> TaskChoice:
    (only,) = suite.choices(task)
    return only


def test_a_task_has_its_own_settings_over_the_suites(tmp_path: Path) -> None:
    suite = read(tmp_path, WHOLE)
    own = choice(suite, "glue/mrpc")
    assert (own.data, own.limit, own.prompt) == ("elsewhere", 10, "t5")
    assert choice(suite, "glue/cola").data == "sample"


def test_a_task_is_stronger_than_its_prefix_in_any_order() -> None:
    tasks = [{"id": "glue/mrpc", "limit": 10}, {"id": "glue", "limit": 99}]
    suite = make_suite({"models": ["a:"], "tasks": tasks})
    assert [choice(suite, f"glue/{name}").limit for name in ("mrpc", "cola")] == [
        10,
        99,
    ]


def test_the_share_that_may_be_cut_is_the_suites_unless_a_task_has_its_own() -> None:
    tasks = [{"id": "glue/mrpc", "max_truncated": 0}, "glue/cola"]
    suite = make_suite({"models": ["a:"], "tasks": tasks, "max_truncated": 0.5})
    assert choice(suite, "glue/mrpc").max_truncated == 0
    assert choice(suite, "glue/cola").max_truncated == 0.5


def test_no_share_at_all_may_be_cut_by_an_option(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    assert choice(read_suite(path, max_truncated=0.0), "glue/mrpc").max_truncated == 0


def test_an_option_overrides_what_the_file_says_of_a_task(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    own = choice(read_suite(path, limit=5, data=None), "glue/mrpc")
    assert (own.limit, own.data) == (5, "elsewhere")


def test_a_recipe_with_settings_may_be_written_as_keys(tmp_path: Path) -> None:
    suite = read(tmp_path, WHOLE)
    assert suite.regimes == ["zero-shot", "finetune:full,epochs=2"]


@pytest.mark.parametrize(
    ("written", "regime"),
    [
        ("finetune: full", "finetune:full"),
        ("finetune:", "finetune:full"),
        ("few-shot: 5", "few-shot:5"),
        ("few-shot: {shots: 5, draw: each}", "few-shot:5,draw=each"),
    ],
)
def test_a_regime_may_be_a_key_with_a_value(
    tmp_path: Path, written: str, regime: str
) -> None:
    text = f"models: [a:]\ntasks: [b]\nregimes:\n  - {written}\n"
    assert read(tmp_path, text).regimes == [regime]


def test_a_list_of_values_makes_a_grid(tmp_path: Path) -> None:
    grid = "finetune: {recipe: full, learning_rate: [2e-5, 5e-5], epochs: 3}"
    suite = read(tmp_path, f"models: [a:]\ntasks: [b]\nregimes:\n  - {grid}\n")
    assert [one.settings["learning_rate"] for one in suite.parsed_regimes()] == [
        "2e-05",
        "5e-05",
    ]


@pytest.mark.parametrize("values", ["[]", "[[1], 2]", "{low: 1}"])
def test_a_setting_without_plain_values_names_line_and_key(
    tmp_path: Path, values: str
) -> None:
    text = "models: [a:]\ntasks: [b]\nregimes:\n  - finetune: {epochs: "
    with pytest.raises(UsageError, match=r"suite\.yaml:4: .*setting epochs is .*list"):
        read(tmp_path, f"{text}{values}}}\n")


def test_a_call_with_an_empty_grid_is_refused() -> None:
    regimes: list[object] = [{"finetune": {"epochs": []}}]
    with pytest.raises(UsageError, match=r"regimes\.0=.*the setting epochs is \[\]"):
        make_suite({"models": ["a:"], "tasks": ["b"], "regimes": regimes})


@pytest.mark.parametrize(
    "line",
    [
        "limit: true",
        "limit: 0",
        "seeds: [-1]",
        "seeds: [4294967296]",
        "max_truncated: 1.1",
        "max_truncated: true",
    ],
)
def test_a_number_that_can_not_be_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match=r"suite\.yaml:3: key (limit|seeds|max_tr)"):
        read(tmp_path, f"models: [a:]\ntasks: [b]\n{line}\n")


def test_a_baseline_needs_no_quotes(tmp_path: Path) -> None:
    suite = read(tmp_path, "models:\n  - majority:\n  - bert:tiny\ntasks: [glue]\n")
    assert suite.models == ["majority:", "bert:tiny"]


def test_an_unknown_key_names_line_and_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"suite\.yaml:3: .*limits.*limit"):
        read(tmp_path, "models: [a:]\ntasks: [b]\nlimits: 3\n")


def test_a_wrong_value_names_line_and_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"suite\.yaml:3: .*limit"):
        read(tmp_path, "models: [a:]\ntasks: [b]\nlimit: none\n")


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"suite\.yaml:3:6: expected"):
        read(tmp_path, "models: [a:]\ntasks: [b\nlimit: 3\n")


def test_a_missing_suite_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml"):
        load_suite(tmp_path / "none.yaml")


def test_a_call_with_an_unknown_setting_is_refused() -> None:
    with pytest.raises(UsageError, match="limits=3"):
        make_suite({"models": ["a:"], "tasks": ["b"], "limits": 3})


def test_a_suite_without_models_is_refused() -> None:
    with pytest.raises(UsageError, match="models"):
        make_suite({"models": [], "tasks": ["b"]})
