"""Recipes beside one another: scores, speed, parameters, memory, and a paired test.

Every recipe trains and answers every task with several seeds by `harness run`, each
pair of recipe and task in a process of its own, so that the peak memory is the
recipe's; the majority baseline answers the same examples. All goes into one store, and
what it already holds is not run again. Then the table is read from the store.

    python -m benchmarks.recipes_table bert:./minilm ./data \
        --tasks glue/mrpc glue/stsb --recipes full lora,rank=16 linear-probe

A recipe may bring settings of its own; --settings, --epochs and --max-examples are for
all that name none. Examples a second are those of training.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.against_baseline import Answers, Paired, compare
from harness.api import open_store
from harness.regime import Regime
from harness.results import CellResult
from harness.store import Store
from harness.task import parse_spec

RECIPES = ("full", "lora", "adapter", "prompt-tuning", "linear-probe")
TASKS = ("glue/mrpc", "glue/stsb")
BASELINE = "majority:"
_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """One seed of a recipe on a task, or the baseline's only cell.

    Attributes:
        seed: the cell's.
        status: ``done``, ``failed`` or ``blocked``.
        reason: why it is not done.
        scores: each headline metric as it is displayed, NaN where undefined.
        seconds: of training.
        examples_per_s: of training.
        trained_parameters: how many parameters were trained.
        peak_memory_bytes: of training: resident, on CUDA the device's.
        against_baseline: the paired test.
    """

    seed: int
    status: str
    reason: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    examples_per_s: float | None = None
    trained_parameters: int | None = None
    peak_memory_bytes: int | None = None
    against_baseline: Paired | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A recipe on a task, with all its seeds."""

    task: str
    recipe: str
    seeds: tuple[Trained, ...]

    @property
    def done(self) -> list[Trained]:
        """The seeds that have scores."""
        return [one for one in self.seeds if one.status == "done"]


def main() -> None:
    options = read_options()
    shared = settings_of(options)
    rows = []
    for task in options.tasks:
        majority, *others = run(options, ["--model", BASELINE, "--task", task])
        if others:
            sys.exit(f"{task} is {len(others) + 1} tasks: name each with --tasks")
        rows.append(Row(task=task, recipe=BASELINE, seeds=(_outcome(majority),)))
        for recipe in options.recipes:
            words = ["--model", options.model, "--task", task]
            words += ["--regime", regime_of(recipe, shared)]
            words += [word for seed in options.seeds for word in ("--seed", str(seed))]
            cells = run(options, words)
            with open_store(options.store) as store:
                seeds = tuple(read_seed(store, cell, majority) for cell in cells)
            rows.append(Row(task=task, recipe=recipe, seeds=seeds))
    print("\n".join(markdown(rows)))
    if options.json:
        written = json.dumps([asdict(row) for row in rows], indent=1)
        options.json.write_text(written + "\n", encoding="utf-8")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="such as bert:./minilm")
    parser.add_argument("data", help="a folder, sample or hub, as harness run takes it")
    parser.add_argument("--recipes", nargs="+", default=RECIPES)
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--seeds", nargs="+", type=int, default=(1, 2, 3))
    parser.add_argument("--max-examples", help="training examples at most")
    parser.add_argument("--epochs", help="the recipe's own by default")
    parser.add_argument("--split", help="evaluated; the task's own by default")
    parser.add_argument("--settings", default="", help="such as dropout=0,batch_size=8")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="fp32")
    parser.add_argument("--store", default="runs/recipes/store.sqlite")
    parser.add_argument("--json", type=Path, help="a file for all that was measured")
    return parser.parse_args()


def settings_of(options: argparse.Namespace) -> dict[str, str]:
    """Return the settings that all recipes share."""
    shared = {"epochs": options.epochs, "max_examples": options.max_examples}
    written = parse_spec(f",{options.settings}")[1] if options.settings else {}
    return {name: value for name, value in shared.items() if value} | written


def regime_of(recipe: str, shared: Mapping[str, str]) -> str:
    """Return a regime as the command line takes it; the recipe's own settings win."""
    name, own = parse_spec(recipe)
    settings = {**shared, **own}
    return Regime(kind="finetune", recipe=name, settings=settings).written


def run(options: argparse.Namespace, words: Sequence[str]) -> list[CellResult]:
    """Run cells in a process of their own, and read them from the store."""
    before = _runs(options.store)
    command = [sys.executable, "-m", "harness", "run", *words]
    command += ["--data", options.data, "--store", options.store]
    command += ["--device", options.device, "--dtype", options.dtype]
    command += ["--split", options.split] if options.split else []
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"),
        str(options.threads),
    )
    code = subprocess.run(
        command, env=os.environ | threads, stdout=sys.stderr, check=False
    ).returncode
    if code not in (0, 1):  # 1: some cell failed, which the table says
        sys.exit(code)
    ((_, fingerprints),) = _runs(options.store).items() - before.items()
    with open_store(options.store) as store:
        return store.results(fingerprints)


def read_seed(store: Store, cell: CellResult, majority: CellResult) -> Trained:
    """Read what came of a fine-tuned cell, and test it against the baseline's."""
    if cell.status != "done":
        return _outcome(cell)
    checkpoint = Path(cell.provenance["checkpoint"]).name
    answers: list[Answers] = [
        store.predictions(one.fingerprint) for one in (cell, majority)
    ]
    return _outcome(cell, store.training(checkpoint) or {}, compare(*answers))


def _outcome(
    cell: CellResult,
    report: Mapping[str, Any] | None = None,
    against_baseline: Paired | None = None,
) -> Trained:
    shown = [score for score in cell.scores if score.is_headline]
    known = report or {}
    seconds = known.get("seconds")
    return Trained(
        seed=cell.seed,
        status=cell.status,
        reason=cell.reason,
        scores={score.metric: score.value * score.scale for score in shown},
        seconds=seconds,
        examples_per_s=known["examples_seen"] / seconds if seconds else None,
        trained_parameters=known.get("trainable_parameters"),
        peak_memory_bytes=known.get("peak_memory_bytes"),
        against_baseline=against_baseline,
    )


def _runs(place: str) -> dict[str, tuple[str, ...]]:
    """Return the cells of every run that a store knows."""
    if not Path(place).is_file():
        return {}
    with open_store(place) as store:
        return {run.id: tuple(run.cells) for run in store.runs()}


def markdown(rows: Sequence[Row]) -> Iterator[str]:
    """Write a table for each task, then what failed."""
    for task in dict.fromkeys(row.task for row in rows):
        own = [row for row in rows if row.task == task]
        metrics = next((list(r.done[0].scores) for r in own if r.done), [])
        names = [metric.partition(",")[0] for metric in metrics]  # without options
        columns = ["recipe", *names, "each seed", "parameters trained"]
        columns += ["examples/s", "seconds", "peak MiB"]
        columns += ["against majority", "p of each seed"]
        yield f"### {task}\n"
        yield _line(columns)
        yield _line(["---"] * len(columns))
        yield from (_line([row.recipe, *_cells(row, metrics)]) for row in own)
        yield ""
        yield from _notes(own)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row, metrics: Sequence[str]) -> Iterator[str]:
    done = row.done
    for metric in metrics:
        yield spread([one.scores[metric] for one in done])
    yield ", ".join(
        " / ".join(_shown(one.scores[metric]) for metric in metrics) for one in done
    )
    yield _first([one.trained_parameters for one in done], "{:,}")
    yield _median([one.examples_per_s for one in done], "{:.1f}")
    yield _median([one.seconds for one in done], "{:.0f}")
    peaks = [one.peak_memory_bytes for one in done if one.peak_memory_bytes]
    yield f"{max(peaks) / _MEBIBYTE:.0f}" if peaks else "-"
    tests = [one.against_baseline for one in done if one.against_baseline]
    yield str(tests[0]) if tests else "-"
    yield (
        ", ".join(f"{one.p:.2g}{'' if one.is_better else ' (worse)'}" for one in tests)
        or "-"
    )


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    """Say what the tables' tests are, and what failed."""
    tests = [one.against_baseline for row in rows for one in row.done]
    named = dict.fromkeys(f"{one.test}" for one in tests if one)
    for name in named:
        yield f"Against majority: {name}; model : majority, of the first seed.\n"
    for row in rows:
        for one in row.seeds:
            if one.status != "done":
                yield f"{row.recipe}, seed {one.seed}, {one.status}: {one.reason}\n"


def spread(values: Sequence[float]) -> str:
    """Return the mean, with the standard deviation where there are several values."""
    if not values:
        return "-"
    mean = _shown(statistics.mean(values))
    return f"{mean} ± {statistics.stdev(values):.1f}" if len(values) > 1 else mean


def _shown(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.1f}"


def _first(values: Sequence[int | None], form: str) -> str:
    return next((form.format(value) for value in values if value is not None), "-")


def _median(values: Sequence[float | None], form: str) -> str:
    known = [value for value in values if value is not None]
    return form.format(statistics.median(known)) if known else "-"


if __name__ == "__main__":
    main()
