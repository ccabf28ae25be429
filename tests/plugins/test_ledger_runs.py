"""Real models cut what is too long, and the result says how much and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import Head
from harness.api import run
from harness.results import CellResult
from harness_glue.plugin import harness_tasks

LABELS = next(task.problem.labels for task in harness_tasks() if task.id == "glue/sst2")
Run = Callable[..., CellResult]


@pytest.fixture
def run_one(tmp_path: Path) -> Run:
    """Return what runs one model on 20 examples of sst2's sample."""

    def run_one(model: str, **options: Any) -> CellResult:
        (cell,) = run(
            models=[model],
            tasks=["glue/sst2"],
            data="sample",
            limit=20,
            store=str(tmp_path / "store.db"),
            **options,
        ).cells
        return cell

    return run_one


def test_a_decoder_cuts_on_the_left_and_every_token_is_counted(run_one: Run) -> None:
    whole = run_one("gpt:tiny", formulation="rank").caveats
    cut = run_one("gpt:tiny,length=24", formulation="rank").caveats
    assert (whole.truncated, whole.truncated_tokens, whole.truncated_side) == (
        0,
        0,
        None,
    )
    assert (cut.truncated, cut.truncated_side) == (20, "left")
    assert cut.read_tokens < whole.read_tokens
    assert cut.truncated_tokens > 0


def test_an_encoder_cuts_on_the_right(
    run_one: Run, fresh: Callable[..., Any], tmp_path: Path
) -> None:
    fresh(Head(kind="classify", labels=LABELS)).save(tmp_path / "head")
    whole = run_one(f"bert:{tmp_path / 'head'}").caveats
    cut = run_one(f"bert:{tmp_path / 'head'},length=8").caveats
    assert (whole.truncated, cut.truncated_side) == (0, "right")
    assert cut.read_tokens + cut.truncated_tokens == whole.read_tokens


def test_exemplars_are_dropped_before_the_question_is_cut(run_one: Run) -> None:
    caveats = run_one(
        "gpt:tiny,length=450", formulation="rank", regimes=["few-shot:5"]
    ).caveats
    assert caveats.truncated == 0
    assert caveats.dropped_shots > 0
    assert caveats.dropped_shots <= caveats.dropped_exemplars < 5 * 20


def test_a_cell_of_which_too_much_was_cut_fails_with_one_message(run_one: Run) -> None:
    cell = run_one("gpt:tiny,length=24", formulation="rank", max_truncated=0.5)
    assert cell.status == "failed"
    assert cell.reason is not None
    assert cell.reason.startswith("20 of 20 inputs were cut, by ")
    assert cell.reason.endswith(
        "expected a share of 0.5 or less: choose a model with "
        "a longer input, or raise --max-truncated"
    )


def test_what_was_done_before_a_stricter_limit_fails_under_it_and_comes_back(
    run_one: Run,
) -> None:
    limits = (1.0, 0.5, 1.0)
    cells = [
        run_one("gpt:tiny,length=24", formulation="rank", max_truncated=limit)
        for limit in limits
    ]
    assert [cell.status for cell in cells] == ["done", "failed", "done"]
    assert len({cell.fingerprint for cell in cells}) == 1
