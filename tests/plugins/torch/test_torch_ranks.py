"""Two real processes train as one does, and fail as one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.torch.slopes import Slopes, run, weights

WORKER = Path(__file__).with_name("two_ranks.py")
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]

pytestmark = pytest.mark.slow


def launch(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in two processes."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*TORCHRUN, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return what came of the cases in each of two processes."""
    folder = tmp_path_factory.mktemp("ranks")
    ended = launch(str(WORKER), str(folder))
    assert ended.returncode == 0, ended.stderr
    return [json.loads((folder / f"{n}.json").read_text()) for n in (0, 1)]


def assert_as_one(told: list[dict[str, Any]], case: str, **settings: Any) -> None:
    """Compare the weights of both processes with those of a run in one."""
    expected = weights(run(Slopes(), **settings)[0]).tolist()
    first, second = (one[case]["weights"] for one in told)
    assert first == second
    assert first == pytest.approx(expected, rel=0, abs=1e-4)


def test_there_are_two_processes(told: list[dict[str, Any]]) -> None:
    assert [one["processes"] for one in told] == [2, 2]


def test_two_processes_train_the_weights_of_one(told: list[dict[str, Any]]) -> None:
    assert_as_one(told, "plain", count=17)


def test_every_example_is_seen_by_one_of_them(told: list[dict[str, Any]]) -> None:
    first, second = (one["plain"] for one in told)
    assert first["seen"] + second["seen"] == first["examples"] == 34
    assert second["seen"] == 16


def test_losses_are_those_of_the_whole_step(told: list[dict[str, Any]]) -> None:
    expected = [loss for _, loss, _ in run(count=17)[1].curve]
    for one in told:
        losses = [loss for _, loss, _ in one["plain"]["curve"]]
        assert losses == pytest.approx(expected, rel=1e-4)


def test_memory_that_one_lacks_changes_nothing(told: list[dict[str, Any]]) -> None:
    assert [one["narrow"]["tokens"] <= 11 for one in told] == [False, True]
    assert_as_one(told, "narrow")


def test_all_begin_with_the_weights_of_the_first(told: list[dict[str, Any]]) -> None:
    assert_as_one(told, "drawn")


def test_each_draws_its_own_dropout_and_ends_alike(told: list[dict[str, Any]]) -> None:
    first, second = (one["dropout"] for one in told)
    assert first["weights"] == second["weights"]
    assert first["curve"] == second["curve"]


def test_the_first_alone_scores_and_all_keep_the_best(
    told: list[dict[str, Any]],
) -> None:
    scores = iter([0.5, 0.9, 0.1]).__next__
    assert [one["best"]["selected"] for one in told] == [10, 10]
    assert_as_one(told, "best", epochs=3.0, select_score=scores)


def test_a_resumed_run_equals_an_uninterrupted_one(told: list[dict[str, Any]]) -> None:
    assert [one["resumed"]["resumed"] for one in told] == [1, 1]
    assert [one["resumed"]["weights"] for one in told] == [
        one["after"]["weights"] for one in told
    ]


def test_where_one_fails_all_fail_and_say_why(told: list[dict[str, Any]]) -> None:
    assert [one["failure"] for one in told] == [
        "process 1 of 2 (from 0) failed: out of luck",
        "out of luck",
    ]


def test_after_a_failure_they_train_on_together(told: list[dict[str, Any]]) -> None:
    assert_as_one(told, "after")


def test_each_reads_a_part_of_the_texts_and_knows_all(
    told: list[dict[str, Any]],
) -> None:
    expected = [[97, 3], [100, 2], [102, 1], [97, 3], [103, 4]]
    assert [one["vectors"] for one in told] == [
        {"read": 2, "vectors": expected},
        {"read": 2, "vectors": expected},
    ]


def test_fewer_texts_than_processes_are_read_by_each(
    told: list[dict[str, Any]],
) -> None:
    assert [one["few"] for one in told] == [{"read": 1, "vectors": [[97, 3]]}] * 2
