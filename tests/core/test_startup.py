"""Help and lists start in a blink, counted in processor seconds.

Start-up keeps one processor busy, so these are the seconds that a user waits on an
idle machine. The best of several runs counts, with byte code that an earlier one left,
as an installation has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("harness"))
RUNS = 8


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which byte code is kept, whatever this one says."""
    own = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return own | {"PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("byte-code"))}


def processor_seconds(words: list[str], environment: dict[str, str]) -> float:
    """Run a command and return the processor time that it took."""
    process = subprocess.Popen(
        [COMMAND, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def best_seconds(words: list[str], enough: float, environment: dict[str, str]) -> float:
    """Return the best of several runs, stopping at one that is good enough."""
    best = float("inf")
    for _ in range(RUNS):
        best = min(best, processor_seconds(words, environment))
        if best < enough:
            break
    return best


@pytest.mark.parametrize(
    ("words", "budget_s"),
    [(["--help"], 0.3), (["--version"], 0.3), (["list", "tasks"], 0.5)],
)
def test_a_light_command_stays_within_its_budget(
    words: list[str], budget_s: float, environment: dict[str, str]
) -> None:
    assert best_seconds(words, budget_s, environment) < budget_s
