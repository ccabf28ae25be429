"""No work is lost: a run that is killed goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.api import open_store
from harness.results import CellResult

TOY = Path(__file__).parent / "toy_plugin.py"
SUITE = f"""\
models: [mortal:]
tasks: [toy/colours, toy/shades]
data: sample
batch_tokens: 100
plugins: [{TOY}]
"""
RUN = """
from harness.api import run_suite
from harness.plugins import load_plugins
from harness.suite import load_suite
from pathlib import Path
plugins = load_plugins(["harness.builtin", {toy!r}], entry_points=False)
run_suite(load_suite(Path("suite.yaml")), plugins, "store.sqlite")
"""


def run(folder: Path, dies_at: int) -> int:
    (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    code = RUN.format(toy=str(TOY))
    environment = os.environ | {"TOY_DIES_AT_BATCH": str(dies_at)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def cells(folder: Path) -> list[CellResult]:
    with open_store(str(folder / "store.sqlite")) as store:
        return store.results()


@pytest.mark.slow
def test_a_killed_run_loses_only_the_batch_in_flight(tmp_path: Path) -> None:
    assert run(tmp_path, dies_at=3) == -signal.SIGKILL
    assert cells(tmp_path) == []
    assert run(tmp_path, dies_at=-1) == 0
    first, second = cells(tmp_path)
    assert (first.score, second.score) == (100.0, 100.0)
    assert 0 < first.caveats.cached < 20


@pytest.mark.slow
def test_a_resumed_run_equals_one_that_was_never_killed(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    assert run(whole, dies_at=-1) == 0
    for batch in (1, 2, -1):
        run(killed, dies_at=batch)
    pairs = zip(cells(whole), cells(killed), strict=True)
    assert all(a.scores == b.scores for a, b in pairs)
