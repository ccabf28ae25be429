"""The table of all results and its plot, made from the files that keep them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.beside.plot import draw
from benchmarks.beside.result import FOLDER, Result
from benchmarks.scenarios.every import SCENARIOS

README = FOLDER.parent / "README.md"
PLOT = FOLDER / "ratios.svg"
BEGIN, END = "<!-- table of comparisons -->\n", "<!-- end of the table -->\n"
HEAD = (
    "| work | peer | items | ours, s | theirs, s | times as fast (range) | aim "
    "| memory |\n|---|---|---|---|---|---|---|---|\n"
)
BF16_NOTE = (
    "bf16 weights beside fp32 ones, both ours. The answers are others: how far "
    "log-probabilities, probabilities or scores of spans are apart at most, and how many "
    "items another choice, label or span won."
)
BF16_HEAD = (
    "| work | items | bf16, s | fp32, s | times as fast (range) | largest difference "
    "| answers moved |\n|---|---|---|---|---|---|---|\n"
)


def read_results(threads: int, folder: Path = FOLDER) -> list[Result]:
    """Return what was measured with so many threads, in the table's order."""
    files = [folder / f"{scenario.name}-{threads}.json" for scenario in SCENARIOS]
    return [Result.read(file) for file in files if file.exists()]


def write_table(readme: Path = README) -> None:
    """Put the tables between the marks in the README."""
    text = readme.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    tables = "\n".join(_tables())
    readme.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", "utf-8")


def _tables() -> list[str]:
    found = ((threads, read_results(threads)) for threads in (1, 2))
    return [
        table
        for threads, results in found
        if results
        for table in tables_of(results, threads)
    ]


def tables_of(results: Sequence[Result], threads: int) -> list[str]:
    """Return the table of what agrees, and that of what another precision changes."""
    clock = "CPU seconds, one thread" if threads == 1 else "wall, two threads"
    equal, drifting = _parted(results)
    rows = "".join(map(_row, equal))
    tables = [f"{clock}. {_setting(results)}\n\n{HEAD}{rows}"]
    if drifting:
        rows = "".join(map(_bf16_row, drifting))
        tables.append(f"{BF16_NOTE}\n\n{BF16_HEAD}{rows}")
    return tables


def _parted(results: Sequence[Result]) -> tuple[list[Result], list[Result]]:
    """Return those whose sides agree, and those in another precision."""
    equal = [one for one in results if one.equality.moved is None]
    return equal, [one for one in results if one.equality.moved is not None]


def _bf16_row(result: Result) -> str:
    ratios, equality = result.ratios, result.equality
    cells = [
        result.work,
        f"{result.count:,}",
        f"{median(result.seconds('ours')):.2f}",
        f"{median(result.seconds('theirs')):.2f}",
        f"{result.ratio:.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})",
        f"{equality.largest or 0:.1e}",
        f"{equality.moved}",
    ]
    return f"| {' | '.join(cells)} |\n"


def _row(result: Result) -> str:
    ratios = result.ratios
    cells = [
        result.work,
        result.peer,
        f"{result.count:,}",
        f"{median(result.seconds('ours')):.2f}",
        f"{median(result.seconds('theirs')):.2f}",
        f"**{result.ratio:.2f}** ({ratios[0]:.2f}-{ratios[-1]:.2f})",
        f"{result.aim:g}",
        f"{result.memory:.2f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def _setting(results: Sequence[Result]) -> str:
    """Say where and with what these were measured."""
    machines = ", ".join(sorted({result.machine for result in results}))
    days = sorted({result.day for result in results})
    loads = [load for result in results for load in result.load]
    found = {
        f"{name} {version}"
        for result in results
        for side in result.versions.values()
        for name, version in side.items()
    }
    turns = sorted({len(result.ours) for result in results})
    return (
        f"{machines}; {', '.join(sorted(found))}; {' to '.join(days)}; "
        f"turns of each side: {' or '.join(map(str, turns))}; load "
        f"{min(loads):.1f}-{max(loads):.1f}."
    )


def write_plot(file: Path = PLOT) -> None:
    """Draw each ratio with its range and aim."""
    results, _ = _parted(read_results(1))
    if results:
        file.write_text(draw(results), "utf-8")
