"""What a run costs however short it is: a model of our own over local files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness_gpt.new import write_new
from harness_gpt.new_settings import NewGpt

BUDGET_S = 2.5
TIMES_TORCH = 2.2
"""On a machine where importing torch alone takes long, so many times that."""
RUNS = 6
UNUSED = (
    "transformers",
    "datasets",
    "sklearn",
    "scipy",
    "pandas",
    "peft",
    "accelerate",
)
TASK = """
tasks:
  - id: my/reviews
    title: Reviews
    summary: is the review positive?
    data: {folder: reviews, train: train, evaluate: validation, id_column: null}
    classification: {inputs: [text], labels: [negative, positive], label: label}
    metrics: [accuracy]
    prompts:
      plain: {text: "{text} It was", answers: {negative: bad, positive: good}}
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return a run's arguments; its store is yet to be named."""
    folder = tmp_path_factory.mktemp("local")
    texts = ["a fine film", "a dull film"]
    write_new(NewGpt(width=32, layers=2, heads=2), texts, 1, folder / "model")
    rows = [{"text": text, "label": label} for label, text in enumerate(texts)]
    (folder / "data" / "reviews").mkdir(parents=True)
    file = folder / "data" / "reviews" / "validation.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (folder / "task.yaml").write_text(TASK, "utf-8")
    return [
        *("run", "--plugin", str(folder / "task.yaml"), "--task", "my/reviews"),
        *("--model", f"gpt:{folder / 'model'}", "--data", str(folder / "data")),
        *("--device", "cpu", "--store"),
    ]


def processor_seconds(command: list[str]) -> float:
    """Run a command, with byte code as an installation has it, and time it."""
    own = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command,
        env=own | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


@pytest.mark.slow
def test_a_run_over_local_files_stays_within_its_budget(
    words: list[str], tmp_path: Path
) -> None:
    torch = run = float("inf")
    for number in range(RUNS):
        command = [sys.executable, "-m", "harness", *words, str(tmp_path / f"{number}")]
        run = min(run, processor_seconds(command))
        torch = min(torch, processor_seconds([sys.executable, "-c", "import torch"]))
        if run < max(BUDGET_S, TIMES_TORCH * torch):
            return
    pytest.fail(f"{run:.2f} s, importing torch {torch:.2f} s")


@pytest.mark.slow
def test_a_run_over_local_files_loads_no_library_that_it_does_not_need(
    words: list[str], tmp_path: Path
) -> None:
    code = f"""
import contextlib, sys
from harness.cli import main
sys.argv = ["harness", *{[*words, str(tmp_path / "store")]!r}]
with contextlib.suppress(SystemExit):
    main()
print("loaded", *set({UNUSED!r}).intersection(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "loaded", done.stdout + done.stderr
