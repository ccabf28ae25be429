"""Exemplars drawn anew for each example are those that lm-evaluation-harness draws."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness import DataError, Example
from harness.api import run
from harness.data import draw_for_each
from harness.plan import EvaluateCell
from harness.plan.planner import make_plan
from harness.plugins import load_plugins
from harness.suite import make_suite
from tests.places import SHARED

RECORD = json.loads((Path(__file__).parent / "lm_eval_draws.json").read_text())
CASES: list[dict[str, Any]] = RECORD["cases"]
TRAINING = [Example(id=str(i), columns={"x": i}, target="a") for i in range(30)]
ASKED = [Example(id=f"v{i}", columns={"x": -i - 1}, target="a") for i in range(12)]


def name_of(case: dict[str, Any]) -> str:
    return f"{case['task']}, {case['shots']} shots"


def rows(prefix: str, count: int) -> list[Example]:
    ids = (f"{prefix}{place}" for place in range(count))
    return [Example(id=own, columns={"id": own}, target="a") for own in ids]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_draws_are_those_of_lm_eval(case: dict[str, Any]) -> None:
    asked = rows("v", len(case["drawn"]))
    drawn = draw_for_each(
        rows("", case["training_size"]),
        asked,
        case["shots"],
        case["seed"],
        wanted={example.id for example in asked},
    )
    ids = [[int(shot.id) for shot in drawn[example.id]] for example in asked]
    assert ids == case["drawn"]


def planned(data: str, **settings: Any) -> EvaluateCell:
    suite = make_suite(
        {"models": ["gpt:tiny"], "tasks": ["glue/wnli"], "data": data, **settings}
    )
    (cell,) = make_plan(suite, load_plugins()).cells
    return cell


def test_a_part_of_a_split_gets_the_exemplars_of_lm_evals_whole_run() -> None:
    if not (SHARED / "data" / "glue" / "wnli").is_dir():
        pytest.skip("needs the shared folder's GLUE")
    data, regimes = str(SHARED / "data"), ["few-shot:5,draw=each"]
    cell = planned(data, regimes=regimes, seeds=[1234], limit=10)
    asked = cell.examples()
    exemplars_of = cell.exemplars(asked)
    (expected,) = [c["drawn"] for c in CASES if c["task"] == "glue/wnli"]
    for example in asked:
        ids = [int(shot.id) for shot in exemplars_of(example)]
        assert ids == expected[int(example.id)]


def draws(training: Sequence[Example], asked: Sequence[Example]) -> list[list[str]]:
    wanted = {example.id for example in asked}
    drawn = draw_for_each(training, asked, 3, seed=1, wanted=wanted)
    return [[shot.id for shot in drawn[example.id]] for example in asked]


def test_an_example_is_never_its_own_exemplar() -> None:
    for own, found in zip(TRAINING, draws(TRAINING, TRAINING), strict=True):
        assert own.id not in found
        assert len(set(found)) == 3


def test_a_row_that_stands_often_in_the_training_split_is_drawn_around() -> None:
    twins = [Example(id=f"t{i}", columns={"x": -1}, target="a") for i in range(200)]
    (found,) = draws([*TRAINING[:5], *twins], ASKED[:1])
    assert len(found) == 3
    assert set(found) <= {example.id for example in TRAINING[:5]}


def test_what_an_example_gets_does_not_depend_on_what_else_is_asked() -> None:
    whole = draws(TRAINING, ASKED)
    drawn = draw_for_each(TRAINING, ASKED, 3, seed=1, wanted={"v7"})
    assert {own: [shot.id for shot in shots] for own, shots in drawn.items()} == {
        "v7": whole[7]
    }


def test_the_fingerprint_holds_how_exemplars_are_drawn() -> None:
    fixed = planned("sample", regimes=["few-shot:2"])
    each = planned("sample", regimes=["few-shot:2,draw=each"])
    assert fixed.fingerprint != each.fingerprint
    asked = fixed.examples()
    exemplars_of = fixed.exemplars(asked)
    assert exemplars_of(asked[0]) == exemplars_of(asked[9])


def test_a_training_split_with_no_exemplar_to_spare_is_refused() -> None:
    with pytest.raises(DataError, match=r"^4 exemplars were asked for and 3 labelled"):
        draws(TRAINING[:3], ASKED)


def test_a_result_names_the_draw_in_its_row(tmp_path: Path) -> None:
    (cell,) = run(
        models=["gpt:tiny"],
        tasks=["glue/wnli"],
        data="sample",
        regimes=["few-shot:2,draw=each"],
        limit=5,
        store=str(tmp_path / "store.db"),
    ).cells
    assert (cell.status, cell.regime, dict(cell.settings)) == (
        "done",
        "few-shot:2",
        {"draw": "each"},
    )
