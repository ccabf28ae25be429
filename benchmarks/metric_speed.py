"""How long metrics take: their statistics, and 1,000 bootstrap draws on top of them.

    python -m benchmarks.metric_speed DATA

DATA is a data folder with stored outputs beside the splits (``predictions.parquet`` of
SQuAD and of code repair, ``system_outputs.parquet`` of WMT). Tasks without stored
outputs are scored on the targets of other examples. Prints processor seconds.

Of WMT23 en-cs there are 3,000 segments, of as many systems as it takes: 1,000 draws of
their BLEU are promised within 3 seconds. `metric_scaling.py` does the same for
every metric on invented predictions, as many as one likes.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from harness import Example, Prediction, Task, stats
from harness.data import load_split, open_source
from harness.plugins import Plugins, load_plugins
from harness.requests import JsonValue

STORED = {
    "squad/v1": ("squad/squad/predictions.parquet", "prediction_text"),
    "squad/v2": ("squad/squad_v2/predictions.parquet", "prediction_text"),
    "wmt/wmt23/en-cs": ("wmt/wmt23_en-cs/system_outputs.parquet", "hypothesis"),
    "wmt/wmt23/en-de": ("wmt/wmt23_en-de/system_outputs.parquet", "hypothesis"),
    "codexglue/code-repair/small": (
        "code_x_glue/cc_code_refinement/small/predictions.parquet",
        "prediction",
    ),
    "codexglue/code-translation/cs-java": (
        "code_x_glue/cc_code_to_code_trans/predictions_cs_java.parquet",
        "prediction",
    ),
}
DRAWN = (
    "glue/cola",
    "glue/stsb",
    "superglue/cb",
    "superglue/multirc",
    "codexglue/clone-detection/bigclonebench",
    "codexglue/code-summarisation/ruby",
)


PROMISED = "wmt/wmt23/en-cs"
SEGMENTS = 3_000


class Timing(NamedTuple):
    """Processor seconds of one metric."""

    task: str
    metric: str
    units: int
    statistics: float
    draws: float


def main() -> None:
    folder = Path(sys.argv[1])
    plugins = load_plugins()
    print(f"{'task':42} {'metric':46} {'units':>6} {'statistics':>10} {'draws':>6}")
    for task_id in (*STORED, *DRAWN):
        task = plugins.task(task_id)
        examples = read(task, plugins, folder)
        predictions = predicted(task, examples, folder)
        if task_id == PROMISED:
            predictions, examples = promised(task, examples, folder)
        for row in timings(task, plugins, predictions, examples):
            show(row)


def show(row: Timing) -> None:
    print(
        f"{row.task:42} {row.metric:46} {row.units:6} {row.statistics:10.3f} "
        f"{row.draws:6.3f}",
        flush=True,
    )


def promised(
    task: Task, examples: Sequence[Example], folder: Path
) -> tuple[list[Prediction], list[Example]]:
    """Return 3,000 segments: those of the systems one after another."""
    texts = every_output(task, len(examples), folder)[:SEGMENTS]
    asked = list(islice(cycle(examples), len(texts)))
    pairs = zip(asked, texts, strict=True)
    return [Prediction(id=example.id, value=text) for example, text in pairs], asked


def read(task: Task, plugins: Plugins, folder: Path) -> list[Example]:
    source = open_source(str(folder), plugins.data_sources)
    return list(load_split(task, source, task.data.evaluate))


def timings(
    task: Task,
    plugins: Plugins,
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
) -> Iterator[Timing]:
    for spec in task.metrics:
        metric = plugins.metric(spec, task.problem.labels)
        rows, spent = timed(partial(metric.statistics, predictions, examples))
        _, drawn = timed(partial(stats.interval, metric, rows))
        yield Timing(task.id, spec, len(rows), spent, drawn)


def predicted(
    task: Task, examples: Sequence[Example], folder: Path
) -> list[Prediction]:
    values = stored(task, examples, folder) if task.id in STORED else drawn(examples)
    generator = random.Random(1)
    return [
        Prediction(id=e.id, value=value, detail={"no_answer": generator.random()})
        for e, value in zip(examples, values, strict=True)
    ]


def stored(task: Task, examples: Sequence[Example], folder: Path) -> list[JsonValue]:
    """Return the first stored system's outputs, by id where they have the data's."""
    path, column = STORED[task.id]
    rows = pq.read_table(folder / path).to_pylist()
    system = "system" if "system" in rows[0] else "model"
    own = [row for row in rows if row[system] == rows[0][system]]
    if len(own) == len(examples):
        return [row[column] for row in own]
    by_id = {row["id"]: row[column] for row in own}
    return [by_id[example.id] for example in examples]


def every_output(task: Task, count: int, folder: Path) -> list[JsonValue]:
    """Return all systems' outputs in their order; each has as many as the data."""
    path, column = STORED[task.id]
    rows = pq.read_table(folder / path).to_pylist()
    by_system: dict[str, list[JsonValue]] = {}
    for row in rows:
        by_system.setdefault(row["system"], []).append(row[column])
    return [t for texts in by_system.values() if len(texts) == count for t in texts]


def drawn(examples: Sequence[Example]) -> list[JsonValue]:
    """Return the targets of the examples before: as good as draws, at no cost."""
    targets = [example.target for example in examples]
    return [targets[-1], *targets[:-1]]


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


if __name__ == "__main__":
    main()
