"""How the time of every metric grows with the number of examples.

    python -m benchmarks.metric_scaling --counts 1000 10000 100000

Predictions and targets are invented: words at random from 3,000, 8 to 40 a text, and
numbers without ties, so that rows of statistics repeat as little as they ever do.
Prints processor seconds of the statistics, which are the score, and of the interval:
1,000 bootstrap draws from them, or Wilson's formula for proportions.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.metric_items import LABELS, Items
from benchmarks.metric_speed import timed
from harness import stats
from harness.plugins import load_plugins

ITEMS = Items(
    words=[f"w{number}" for number in range(3_000)],
    shortest=8,
    longest=40,
    numbers=None,
)


class Scaled(NamedTuple):
    """Processor seconds of one metric on so many examples."""

    metric: str
    examples: int
    statistics: float
    interval: float
    method: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the command line asks for."""
    options = _read(arguments)
    rows = []
    print(f"{'metric':44} {'examples':>9} {'statistics':>10} {'interval':>8}")
    for row in measure(options.counts, options.metrics, options.draws):
        print(
            f"{row.metric:44} {row.examples:9,} {row.statistics:10.3f} "
            f"{row.interval:8.3f}",
            flush=True,
        )
        rows.append(row._asdict())
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def measure(
    counts: Sequence[int], names: Sequence[str], draws: int
) -> Iterator[Scaled]:
    """Measure metrics by name, all of them where none is named."""
    plugins = load_plugins()
    for spec, draw in ITEMS.specs().items():
        if names and spec.partition(",")[0] not in names:
            continue
        metric = plugins.metric(spec, LABELS)
        for count in counts:
            pairs = ITEMS.pairs(draw, random.Random(spec), count)
            said, right = [p for p, _ in pairs], [e for _, e in pairs]
            rows, spent = timed(partial(metric.statistics, said, right))
            found, drawn = timed(partial(stats.interval, metric, rows, draws=draws))
            yield Scaled(spec, count, spent, drawn, found.method)


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="how the time of metrics grows")
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument(
        "--metrics", nargs="+", default=[], help="names; by default all"
    )
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--json", type=Path, help="where the figures go as well")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
