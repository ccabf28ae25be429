"""One training is one process's at a time, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.api import open_store, run_suite
from harness.errors import TrainingError
from harness.events import RunFinished
from harness.holding import empty, held
from harness.plugins import Plugins
from harness.suite import make_suite
from tests.core.conftest import TOY

VALUES = {
    "models": ["memory:blank"],
    "tasks": ["toy/colours"],
    "regimes": ["finetune:learn"],
    "data": "sample",
}
CODE = f"""
from harness.api import run_suite
from harness.plugins import load_plugins
from harness.suite import make_suite
plugins = load_plugins(["harness.builtin", {str(TOY)!r}], entry_points=False)
run_suite(make_suite({VALUES!r}), plugins, "store.sqlite")
"""
Rerun = Callable[[], RunFinished]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the suite in another process, which trains until there is a file `now`."""
    environment = os.environ | {"TOY_LEARNS_WHEN_THERE_IS": "now"}
    command = [sys.executable, "-c", CODE]
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as process:
        while not any(path.stat().st_size for path in locks(tmp_path)):
            assert process.poll() is None
            time.sleep(0.01)
        yield process
        process.kill()


@pytest.fixture
def rerun(toy: Plugins, tmp_path: Path) -> Rerun:
    """Run the suite in this process."""
    place = str(tmp_path / "store.sqlite")
    return lambda: run_suite(make_suite(VALUES), toy, place).finished


def locks(folder: Path) -> list[Path]:
    return list((folder / "checkpoints").glob(".*/lock"))


@pytest.mark.slow
def test_a_cell_that_another_process_trains_is_left_to_it(
    other: subprocess.Popen[bytes], rerun: Rerun, tmp_path: Path
) -> None:
    assert rerun().blocked == 1
    with open_store(str(tmp_path / "store.sqlite")) as store:
        (cell,) = store.results()
    assert f"process {other.pid} on " in (cell.reason or "")
    (tmp_path / "now").touch()
    assert other.wait(timeout=60) == 0
    assert rerun().cached == 1


@pytest.mark.slow
def test_a_process_that_was_killed_holds_nothing(
    other: subprocess.Popen[bytes], rerun: Rerun, tmp_path: Path
) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait(timeout=60)
    assert locks(tmp_path)  # the file alone holds nothing
    assert rerun().done == 1
    assert not list((tmp_path / "checkpoints").glob(".*"))


def test_a_folder_that_is_held_says_who_holds_it(tmp_path: Path) -> None:
    told = (
        rf"process {os.getpid()} on .* trains the same now \(it holds .*lock\), expected "
        "one process at a time: let it end, and run the same command again"
    )
    with held(tmp_path / "a"), pytest.raises(TrainingError, match=told):  # noqa: SIM117
        with held(tmp_path / "a"):
            pass


def test_a_folder_goes_when_it_is_let_go_unless_there_is_something_in_it(
    tmp_path: Path,
) -> None:
    with held(tmp_path / "a"), held(tmp_path / "b"):
        (tmp_path / "b" / "snapshot").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["b", "snapshot"]


def test_what_is_emptied_is_held_still(tmp_path: Path) -> None:
    with held(tmp_path / "a"):
        (tmp_path / "a" / "folder").mkdir()
        (tmp_path / "a" / "file").touch()
        empty(tmp_path / "a")
        assert [path.name for path in (tmp_path / "a").iterdir()] == ["lock"]
    assert not (tmp_path / "a").exists()
