"""A cell's identity holds what changes its result, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from harness.metrics.classification import Accuracy
from harness.plan import EvaluateCell
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.suite import make_suite


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerAccuracy(Accuracy):
    version: int = field(default=2, init=False)


def cell(toy: Plugins, model: str, **settings: Any) -> EvaluateCell:
    values = {"tasks": ["toy/colours"], "data": "sample"} | settings
    return make_plan(make_suite({"models": [model], **values}), toy).cells[0]


def test_every_setting_that_changes_an_answer_changes_the_fingerprint(
    toy: Plugins,
) -> None:
    settings: list[dict[str, Any]] = [
        {},
        {"limit": 4},
        {"split": "train"},
        {"formulation": "rank"},
        {"regimes": ["few-shot:2"]},
        {"regimes": ["few-shot:3"]},
        {"dtype": "bf16"},
        {"data": "sample:2", "split": "train"},
    ]
    marks = [cell(toy, "reader:", **s).fingerprint for s in settings]
    same = {marks[0], marks[3]}  # rank is the reader's choice anyway
    assert len(same) == 1
    assert len(set(marks)) == len(marks) - 2  # the sample is the same at every seed


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("reader:", {"batch_tokens": 9999}),
        ("reader:", {"seeds": [7]}),
        ("reader:", {"limit": 20}),
        ("reader:", {"title": "another"}),
        ("careless:", {"dtype": "bf16"}),
        ("careless:", {"regimes": ["few-shot:3"]}),
    ],
)
def test_what_changes_no_answer_does_not_change_the_fingerprint(
    toy: Plugins, model: str, settings: dict[str, Any]
) -> None:
    plain, changed = cell(toy, model), cell(toy, model, **settings)
    assert plain.fingerprint == changed.fingerprint


def test_a_newer_metric_makes_a_new_cell_and_column(toy: Plugins) -> None:
    newer = replace(
        toy.metrics["accuracy"],
        make=lambda labels, options: NewerAccuracy(labels=labels),
    )
    changed = replace(toy, metrics={**toy.metrics, "accuracy": newer})
    old, new = cell(toy, "reader:"), cell(changed, "reader:")
    assert old.fingerprint != new.fingerprint
    assert (old.metrics[0], new.metrics[0]) == ("accuracy|v:1", "accuracy|v:2")


def test_another_headline_makes_a_new_cell(toy: Plugins) -> None:
    headed = replace(toy.tasks["toy/colours"], headline=("accuracy",))
    changed = replace(toy, tasks={"toy/colours": headed})
    assert cell(toy, "reader:").fingerprint != cell(changed, "reader:").fingerprint


def test_equal_weights_under_two_names_are_two_rows(
    toy: Plugins, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "memory.json").write_text("{}", encoding="utf-8")
    one, other = (cell(toy, f"memory:{tmp_path / name}") for name in ("a", "b"))
    assert one.card == other.card
    assert one.fingerprint != other.fingerprint
