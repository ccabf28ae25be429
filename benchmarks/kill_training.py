"""Kill a training run again and again, and compare what comes of it with no kill.

`harness run` fine-tunes `bert:tiny` on a built-in sample. One store is left alone; in
the other the process gets SIGKILL at random moments, and the same command is started
again until it is through. Prints at which steps it went on, and whether the two
checkpoints are equal byte for byte.

    python benchmarks/kill_training.py --kills 20
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from harness.api import open_store
from harness.cli import main as main_of_harness

_POLL_S = 0.002
_SERVER = multiprocessing.get_context("forkserver")
"""Starts every command as a fork of a process that has read the libraries already."""
_LIBRARIES = [
    "harness.cli.run",
    "harness.execution",
    "harness_bert.adapter",
    "harness_finetune.full",
    "harness_reports.html",
    "torch._dynamo",
]


def start(folder: Path, settings: str) -> BaseProcess:
    """Start the command that trains and evaluates in a folder of its own."""
    words = [
        *("run", "--model", "bert:tiny", "--task", "glue/sst2", "--data", "sample"),
        *("--device", "cpu", "--regime", f"finetune:full,{settings}"),
        *("--store", f"{folder}/store.sqlite"),
    ]
    process = _SERVER.Process(target=run_harness, args=(words,))
    process.start()
    return process


def run_harness(words: Sequence[str]) -> None:
    """Be the command `harness`, in silence."""
    sys.argv = ["harness", *words]
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 # no file of ours
        sys.stdout = sys.stderr = nowhere
        main_of_harness()


def finish(folder: Path, settings: str) -> None:
    """Run the command to its end."""
    process = start(folder, settings)
    process.join()
    if process.exitcode:
        raise SystemExit(f"harness run ended with exit code {process.exitcode}")


def kill(folder: Path, settings: str, *, steps: int, delay_s: float) -> int | None:
    """Run the command, and kill it once it took some steps and a moment passed.

    Returns:
        The step of the newest snapshot, None where the run was through before.
    """
    before = _newest(folder)
    process = start(folder, settings)
    while _newest(folder) < before + steps and process.is_alive():
        time.sleep(_POLL_S)
    time.sleep(delay_s)
    process.kill()
    process.join()
    return None if process.exitcode == 0 else _newest(folder)


def weights(folder: Path) -> bytes:
    """Return the file of the only checkpoint's weights."""
    (file,) = folder.glob("checkpoints/*/model.safetensors")
    return file.read_bytes()


def report(folder: Path) -> dict[str, Any]:
    """Return what the store says of the only training."""
    (checkpoint,) = folder.glob("checkpoints/[!.]*")
    with open_store(f"{folder}/store.sqlite") as store:
        return store.training(checkpoint.name) or {}


def main() -> None:
    """Kill and compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settings", default="epochs=20,dropout=0,save_every=0")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _SERVER.set_forkserver_preload(_LIBRARIES)
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        whole, killed = Path(name) / "whole", Path(name) / "killed"
        finish(whole, options.settings)
        total = report(whole)["steps"]
        share = total // options.kills
        done = []
        for _ in range(options.kills):
            steps, delay = draw.randint(1, share), draw.random() / 50
            done.append(kill(killed, options.settings, steps=steps, delay_s=delay))
        finish(killed, options.settings)
        is_equal = weights(whole) == weights(killed)
        has_curve = report(whole)["curve"] == report(killed)["curve"]
        resumed = report(killed)["resumed"]
    print(f"{total} steps, killed with the newest snapshots at {done}")
    print(f"resumed {resumed} times; same weights: {is_equal}; same curve: {has_curve}")
    sys.exit(not (is_equal and has_curve))


def _newest(folder: Path) -> int:
    places = folder.glob("checkpoints/.*/snapshots/step-*")
    return max((int(place.name.partition("-")[2]) for place in places), default=0)


if __name__ == "__main__":
    main()
