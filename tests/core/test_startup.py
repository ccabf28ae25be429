"""Help and lists start in a blink, counted in processor seconds.

Start-up keeps one processor busy, so these are the seconds that a user waits on an
idle machine, and other work on this one hardly changes them. The best of several runs
counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("harness"))
RUNS = 8


def processor_seconds(words: list[str]) -> float:
    """Run a command and return the processor time that it took."""
    process = subprocess.Popen([COMMAND, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def best_seconds(words: list[str], enough: float) -> float:
    """Return the best of several runs, stopping at one that is good enough."""
    best = float("inf")
    for _ in range(RUNS):
        best = min(best, processor_seconds(words))
        if best < enough:
            break
    return best


@pytest.mark.parametrize(
    ("words", "budget_s"),
    [(["--help"], 0.3), (["--version"], 0.3), (["list", "tasks"], 0.5)],
)
def test_a_light_command_stays_within_its_budget(
    words: list[str], budget_s: float
) -> None:
    assert best_seconds(words, budget_s) < budget_s
