"""What a comparison found, and the file that keeps it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Self

from benchmarks.beside.equality import Equality
from benchmarks.beside.scenario import Scenario
from benchmarks.beside.turns import Turn

FOLDER = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A row of the table as it was measured.

    Attributes:
        name: of the scenario, which says what the next four mean.
        work: see `Scenario`.
        peer: see `Scenario`.
        aim: see `Scenario`.
        memory_aim: see `Scenario`.
        count: items of a turn.
        threads: that a side used.
        ours: our turns.
        theirs: the peer's, each taken beside ours.
        equality: how far the answers agree.
        versions: of both sides' packages.
        machine: the processor, and how many cores it shows.
        load: processes that ran or waited per minute when it began and ended.
        day: when it ended.
    """

    name: str
    work: str
    peer: str
    aim: float
    memory_aim: float | None
    count: int
    threads: int
    ours: tuple[Turn, ...]
    theirs: tuple[Turn, ...]
    equality: Equality
    versions: Mapping[str, Mapping[str, str]]
    machine: str
    load: tuple[float, float]
    day: str

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        turns: Sequence[tuple[Turn, Turn]],
        *,
        equality: Equality,
        versions: Mapping[str, Mapping[str, str]],
        threads: int,
        load: float,
    ) -> Self:
        """Put together what was measured."""
        return cls(
            name=scenario.name,
            work=scenario.work,
            peer=scenario.peer,
            aim=scenario.aim,
            memory_aim=scenario.memory_aim,
            count=scenario.count,
            threads=threads,
            ours=tuple(own for own, _ in turns),
            theirs=tuple(other for _, other in turns),
            equality=equality,
            versions=versions,
            machine=describe_machine(),
            load=(round(load, 2), round(os.getloadavg()[0], 2)),
            day=datetime.now(UTC).date().isoformat(),
        )

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file that `write` wrote."""
        found = json.loads(file.read_text("utf-8"))
        for side in ("ours", "theirs"):
            found[side] = tuple(Turn(**turn) for turn in found[side])
        found["equality"] = Equality(**found["equality"])
        found["load"] = tuple(found["load"])
        return cls(**found)

    def write(self, folder: Path = FOLDER) -> Path:
        """Keep it, in place of an earlier one of the same work and threads."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}-{self.threads}.json"
        file.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")
        return file

    def seconds(self, side: str) -> list[float]:
        """Return a side's seconds: of the processor with one thread, else of the wall."""
        clock = "cpu" if self.threads == 1 else "wall"
        return [getattr(turn, clock) for turn in getattr(self, side)]

    @property
    def ratios(self) -> list[float]:
        """How many times as long the peer took, turn by turn, in order of size."""
        pairs = zip(self.seconds("theirs"), self.seconds("ours"), strict=True)
        return sorted(theirs / ours for theirs, ours in pairs)

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(self.ratios)

    @property
    def memory(self) -> float:
        """Our most memory as a share of the peer's."""
        ours, theirs = (
            max(turn.peak_mib for turn in turns) for turns in (self.ours, self.theirs)
        )
        return ours / theirs

    @property
    def reaches_aim(self) -> bool:
        """Whether it is as fast, and as small, as it was meant to be."""
        is_small = self.memory_aim is None or self.memory <= self.memory_aim
        return self.ratio >= self.aim and is_small


def describe_machine() -> str:
    """Return the processor's name and how many cores there are."""
    cores = f"{os.cpu_count()} virtual cores"
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return f"{platform.processor() or platform.machine()}, {cores}"
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return f"{names[0] if names else platform.machine()}, {cores}"
