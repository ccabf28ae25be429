"""Compare our speed with a peer's, on the same models and items, turn by turn.

    python -m benchmarks.beside
    python -m benchmarks.beside score-arc classify-minilm --turns 9
    python -m benchmarks.beside --threads 2 --peers ~/peers/bin/python
    python -m benchmarks.beside --table

Each side is a process of its own, the peer's in an environment of its own; both read
what `python -m benchmarks.materials` made. Both answer every item once first, which warms them up: where they disagree,
nothing is measured. Then they take turns. With one thread the clock is the process's
own CPU seconds, which a busy machine disturbs least; with more it is the wall's. Results
are kept in benchmarks/results, from which --table makes the table of
benchmarks/README.md and its plot again.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack, closing
from pathlib import Path

from benchmarks.beside.equality import Equality
from benchmarks.beside.result import Result
from benchmarks.beside.scenario import Maker, Place, Scenario
from benchmarks.beside.table import write_plot, write_table
from benchmarks.beside.turns import Side, Turn, take_turns
from benchmarks.scenarios.every import SCENARIOS


def main() -> int:
    options = read_options()
    if options.table:
        write_table()
        write_plot()
        return 0
    known = {scenario.name: scenario for scenario in SCENARIOS}
    names = options.names or list(known)
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    place = Place(
        materials=options.materials,
        ours=Path(sys.executable),
        peers=options.peers,
        threads=options.threads,
    )
    results = [measure(known[name], place, options.turns) for name in names]
    missing = sum(result is None for result in results)
    return 1 if missing else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.beside",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", help="comparisons, all by default")
    parser.add_argument("--materials", type=Path, default=Path("bench"))
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, help="in place of the comparison's own")
    parser.add_argument("--table", action="store_true", help="only write the table")
    return parser.parse_args()


def measure(scenario: Scenario, place: Place, turns: int | None) -> Result | None:
    """Compare, print and keep; None where the answers differ."""
    load = os.getloadavg()[0]
    print(f"{scenario.work}, beside {scenario.peer}", flush=True)
    with ExitStack() as held:

        def opened(makers: tuple[Maker, Maker]) -> tuple[Side, Side]:
            ours, theirs = (held.enter_context(closing(make(place))) for make in makers)
            return ours, theirs

        timed = scenario.ours, scenario.theirs
        sides = opened(scenario.checked or timed)
        equality = scenario.same(sides[0].answers(), sides[1].answers())
        print(f"  {describe_equality(equality)}", flush=True)
        if equality.unequal:
            return None
        if scenario.checked is not None:
            sides = opened(timed)
            for side in sides:  # which warms them up
                side.turn()
        pairs = []
        for pair in take_turns(*sides, turns or scenario.turns):
            pairs.append(pair)
            print(f"  {describe_turns(pair, place.threads)}", flush=True)
    result = Result.of(
        scenario,
        pairs,
        equality=equality,
        versions={"ours": sides[0].versions, "theirs": sides[1].versions},
        threads=place.threads,
        load=load,
    )
    word = "reached" if result.reaches_aim else "MISSED"
    print(f"  {result.ratio:.2f} times as fast, aim {scenario.aim:g}: {word}")
    result.write()
    return result


def describe_turns(pair: tuple[Turn, Turn], threads: int) -> str:
    """Return one line on two turns that stood beside one another."""
    own, other = (turn.cpu if threads == 1 else turn.wall for turn in pair)
    return f"{own:8.2f} s ours, {other:8.2f} s theirs: {other / own:.2f}"


def describe_equality(equality: Equality) -> str:
    """Return one line on how far two sides agree."""
    largest = equality.largest
    gap = "" if largest is None else f", largest difference {largest:.1e}"
    if equality.unequal:
        return f"{equality.unequal} of {equality.compared} DIFFER{gap}: not measured"
    if equality.moved is not None:
        return f"{equality.moved} answers moved{gap}"
    return f"{equality.compared} answers agree{gap}"


if __name__ == "__main__":
    sys.exit(main())
