"""What is compared with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.beside.equality import Equality
from benchmarks.beside.turns import Side, Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a comparison finds what it needs.

    Attributes:
        materials: the folder with ``models`` and ``items``; see `materials.py`.
        ours: the interpreter of our environment.
        peers: the interpreter of theirs.
        threads: how many a side may use.
    """

    materials: Path
    ours: Path
    peers: Path
    threads: int

    def model(self, name: str) -> str:
        """Return a model's folder."""
        return str((self.materials / "models" / name).resolve())

    def items(self, name: str) -> str:
        """Return a file of items."""
        return str((self.materials / "items" / f"{name}.jsonl").resolve())


Maker = Callable[[Place], Side]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A row of the table.

    Attributes:
        name: of its file of results.
        work: what is done, in words.
        peer: who else does it, and how.
        aim: how many times as fast as the peer we mean to be.
        count: items of a turn.
        ours: makes our side.
        theirs: makes the peer's.
        same: compares what both answered.
        checked: makes the sides that are compared by what they answer, where they
            aren't the ones that take turns: such as without dropout.
        memory_aim: the share of the peer's memory that we mean to need at most, if
            that is a part of the promise.
        turns: how many, unless the command line says.
    """

    name: str
    work: str
    peer: str
    aim: float
    count: int
    ours: Maker
    theirs: Maker
    same: Callable[[Any, Any], Equality]
    checked: tuple[Maker, Maker] | None = None
    memory_aim: float | None = None
    turns: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The same settings for both sides of a comparison of workers.

    Attributes:
        model: the folder's name among the materials.
        items: the file's name.
        count: how many of them.
        more: what else the sides are told.
    """

    model: str
    items: str
    count: int
    more: Mapping[str, Any] = field(default_factory=dict)

    def by_us(
        self, adapter: str, *, module: str = "ours", options: str = "", **more: object
    ) -> Maker:
        """Return what makes our side: an adapter's model, and what only it is told."""

        def make(place: Place) -> Side:
            settings = self.settings(place)
            model = f"{adapter}:{settings['model']}{options}"
            told = {**settings, "model": model, **more}
            return Worker(place.ours, f"benchmarks.sides.{module}", told)

        return make

    def by_peer(self, module: str, **more: object) -> Maker:
        """Return what makes the peer's side: a module, and what only it is told."""

        def make(place: Place) -> Side:
            settings = {**self.settings(place), **more}
            return Worker(place.peers, f"benchmarks.sides.{module}", settings)

        return make

    def settings(self, place: Place) -> dict[str, Any]:
        """Return what both sides are told."""
        return {
            "model": place.model(self.model),
            "items": place.items(self.items),
            "count": self.count,
            "threads": place.threads,
            **self.more,
        }


class Work(NamedTuple):
    """Work that is compared in several ways: its name, in words, and what is asked."""

    name: str
    words: str
    asked: Asked
    aim: float


def in_bf16(
    name: str,
    work: Work,
    adapter: str,
    *,
    ask: str,
    same: Callable[[Any, Any], Equality],
    options: str = "",
) -> Scenario:
    """Compare our work in bf16 with our work in fp32, and tell how far it drifts."""
    low, high = (
        work.asked.by_us(adapter, ask=ask, options=options, dtype=dtype)
        for dtype in ("bf16", "fp32")
    )
    return Scenario(
        name=f"{name}-bf16",
        work=f"{work.words}, bf16",
        peer="ours, fp32",
        aim=1.5,
        count=work.asked.count,
        ours=low,
        theirs=high,
        same=same,
    )
