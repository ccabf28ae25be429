"""`harness run` is killed while it trains, and the same command goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kill_training.py"


@pytest.mark.slow
def test_a_training_run_killed_five_times_ends_in_the_same_weights() -> None:
    settings = ["--settings", "epochs=1,save_every=0"]  # with dropout
    command = [sys.executable, str(SCRIPT), "--kills", "5", *settings]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "same weights: True; same curve: True" in ended.stdout
    assert "resumed 0 times" not in ended.stdout
