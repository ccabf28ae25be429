"""Kill a training run again and again, and compare what comes of it with no kill.

`harness run` fine-tunes `bert:tiny` on a built-in sample. One store is left alone; in
the other the process gets SIGKILL at random moments, and the same command is started
again until it is through. Prints at which steps it went on, and whether the two
checkpoints are equal byte for byte.

    python benchmarks/kill_training.py --kills 20
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.api import open_store

_POLL_S = 0.002


def command(folder: Path, settings: str) -> list[str]:
    """Return the command that trains and evaluates in a folder of its own."""
    return [
        *(sys.executable, "-m", "harness", "run", "--model", "bert:tiny"),
        *("--task", "glue/sst2", "--data", "sample", "--device", "cpu"),
        *("--regime", f"finetune:full,{settings}", "--store", f"{folder}/store.sqlite"),
    ]


def finish(folder: Path, settings: str) -> None:
    """Run the command to its end."""
    subprocess.run(
        command(folder, settings), env=_environment(), check=True, capture_output=True
    )


def kill(folder: Path, settings: str, *, steps: int, delay_s: float) -> int | None:
    """Run the command, and kill it once it took some steps and a moment passed.

    Returns:
        The step of the newest snapshot, None where the run was through before.
    """
    before = _newest(folder)
    process = subprocess.Popen(
        command(folder, settings),
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while _newest(folder) < before + steps and process.poll() is None:
        time.sleep(_POLL_S)
    time.sleep(delay_s)
    process.kill()
    is_through = process.wait() == 0
    return None if is_through else _newest(folder)


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


def _environment() -> dict[str, str]:
    return {"OMP_NUM_THREADS": "1"} | os.environ


if __name__ == "__main__":
    main()
