"""Whole runs over `hub:` models, from the command line to the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[3]


def run(folder: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    """Run the command line in an empty folder, in a process of its own."""
    folder.mkdir()
    command = [str(Path(sys.executable).with_name("harness")), *words]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "formulation"),
    [
        ("DebertaV2ForMaskedLM", "cloze"),
        ("OPTForCausalLM", "rank"),
        ("T5ForConditionalGeneration", "generate"),
    ],
)
def test_a_run_over_the_sample_ends_with_the_page_and_no_noise(
    architecture: str, formulation: str, make: Make, tmp_path: Path
) -> None:
    model = f"hub:{make(architecture).folder}"
    asked = ("--task", "glue/rte", "--data", "sample", "--limit", "12")
    code, out, error = run(tmp_path / "here", "run", "--model", model, *asked)
    page = (tmp_path / "here" / "runs" / "leaderboard.html").read_text("utf-8")
    assert (code, "1 done" in out) == (0, True)
    assert (model in page, formulation in page) == (True, True)
    foreign = [line for line in error.splitlines() if not _is_ours(line)]
    assert foreign == []


@pytest.mark.slow
def test_a_model_of_another_family_is_fine_tuned(make: Make, tmp_path: Path) -> None:
    model = f"hub:{make('DebertaV2ForMaskedLM').folder}"
    asked = ("--task", "glue/sst2", "--data", "sample", "--limit", "12")
    regime = ("--regime", "finetune:full,epochs=1,max_examples=48")
    words = ("run", "--model", model, *asked, *regime)
    code, out, _ = run(tmp_path / "here", *words)
    assert (code, "1 done" in out) == (0, True)


def _is_ours(line: str) -> bool:
    known = r"\[\d+/\d+\] |.*cells, \d+ in the store|  \d+ of \d+ answered|  step |\s*$"
    return bool(re.match(known, line))
