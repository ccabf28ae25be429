"""Measure how a run grows with its examples: seconds, memory, and the store.

    python -m benchmarks.growth
    python -m benchmarks.growth --counts 1000 10000 100000 --model bert:tiny

Four-choice items of 45 words and endings of 18, made up, are asked of a model that
costs next to nothing, so that what is seen is the harness: reading and checking rows,
wording and hashing requests, journalling answers, scoring, storing predictions. Every
count is a process of its own, `harness run` from the command line to its page; its
seconds are the processor's, its memory the most that it held.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.beside.turns import environment

HERE = Path(__file__).resolve().parent
TEXT = (
    "the quick brown fox jumps over a lazy dog while seven wizards boil their soup on "
    "nine stoves and nobody asks them why it tastes of autumn"
)


class Grown(NamedTuple):
    """What a run took."""

    examples: int
    cpu_s: float
    peak_mib: float
    store_mib: float


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--model", default="cheap:")
    options = parser.parse_args()
    print(
        "| examples | CPU s | ms an example | peak MiB | KiB an example | store MiB |"
    )
    print("|---|---|---|---|---|---|")
    before = measure(options.model, 1)
    print(told(before, None), flush=True)
    for count in options.counts:
        print(told(measure(options.model, count), before), flush=True)


def told(grown: Grown, one: Grown | None) -> str:
    """Return a row of the table; what an example takes is beyond a run of one."""
    each = ("", "")
    if one is not None:
        more = grown.examples - one.examples
        each = (
            f"{1000 * (grown.cpu_s - one.cpu_s) / more:.2f}",
            f"{1024 * (grown.peak_mib - one.peak_mib) / more:.1f}",
        )
    return (
        f"| {grown.examples:,} | {grown.cpu_s:.2f} | {each[0]} | {grown.peak_mib:.0f} "
        f"| {each[1]} | {grown.store_mib:.1f} |"
    )


def measure(model: str, count: int) -> Grown:
    """Run so many examples in a process of their own."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_items(folder / "data" / "choices" / "validation.jsonl", count)
        store = folder / "store.sqlite"
        used = run(command(model, folder / "data", store))
        size = sum(file.stat().st_size for file in folder.glob("store.sqlite*"))
        return Grown(count, used.cpu_s, used.peak_mib, size / 2**20)


class Used(NamedTuple):
    """What a process took."""

    cpu_s: float
    peak_mib: float


def command(model: str, data: Path, store: Path) -> list[str]:
    """Return the command of a run."""
    plugins = [HERE / "sides" / name for name in ("choices_task.py", "cheap_model.py")]
    return [
        *(sys.executable, "-m", "harness", "run", "--model", model),
        *("--task", "bench/choices", "--data", str(data), "--store", str(store)),
        *(word for plugin in plugins for word in ("--plugin", str(plugin))),
        *("--device", "cpu"),
    ]


def run(words: Sequence[str]) -> Used:
    """Run a command to its end."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(words, env=environment(1), stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(words)} failed:\n{said.read()}")
    return Used(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def write_items(file: Path, count: int) -> None:
    """Write so many items, all different."""
    draw, words = random.Random(7), TEXT.split()
    file.parent.mkdir(parents=True)
    with file.open("w", encoding="utf-8") as lines:
        for number in range(count):
            context = f"{number}: {' '.join(draw.choices(words, k=45))}"
            choices = [f" {' '.join(draw.choices(words, k=18))}" for _ in range(4)]
            item = {"context": context, "choices": choices, "label": number % 4}
            print(json.dumps(item), file=lines)


if __name__ == "__main__":
    main()
