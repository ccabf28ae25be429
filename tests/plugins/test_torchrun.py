"""`torchrun -m harness run` trains in two processes what one trains alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import harness
from harness import UsageError
from harness.api import open_store
from harness.results import CellResult

REGIME = "finetune:full,epochs=1,dropout=0"
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
COMMAND = [
    *("-m", "harness", "run", "--model", "bert:tiny", "--task", "glue/sst2"),
    *("--data", "sample", "--device", "cpu", "--regime"),
]


def launch(folder: Path, regime: str) -> subprocess.CompletedProcess[str]:
    """Run in two processes."""
    store = ["--store", str(folder / "store.sqlite")]
    return subprocess.run(
        [*TORCHRUN, *COMMAND, regime, *store],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def only(folder: Path) -> CellResult:
    with open_store(str(folder / "store.sqlite")) as store:
        (cell,) = store.results()
    return cell


@pytest.mark.slow
def test_two_processes_train_the_weights_of_one(tmp_path: Path) -> None:
    ended = launch(tmp_path / "two", REGIME)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("1 done") == 1
    torch.set_num_threads(1)
    one = tmp_path / "one" / "store.sqlite"
    found = harness.run(
        models=["bert:tiny"],
        tasks=["glue/sst2"],
        regimes=[REGIME],
        data="sample",
        device="cpu",
        store=one,
    )
    two, alone = only(tmp_path / "two"), found.cells[0]
    assert two.provenance["processes"] == "2"
    assert two.score == pytest.approx(alone.score, abs=1)
    ours = load_file(Path(two.provenance["checkpoint"]) / "model.safetensors")
    theirs = load_file(Path(alone.provenance["checkpoint"]) / "model.safetensors")
    for name, expected in theirs.items():
        if name.endswith("key.bias"):
            continue  # softmax leaves it no gradient but rounding, which Adam scales up
        assert torch.allclose(ours[name], expected, rtol=0, atol=1e-4), name


def test_only_the_first_process_carries_out_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(
        UsageError, match=r"process 1 \(from 0\) of 2, and only the fir"
    ):
        harness.run(models=["majority:"], tasks=["glue/rte"], data="sample")
