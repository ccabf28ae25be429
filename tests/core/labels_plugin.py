"""A plugin for tests: a benchmark whose tasks have submission files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness import (
    Archive,
    Benchmark,
    Classification,
    Data,
    DataError,
    Example,
    Prediction,
    Task,
    hookimpl,
)
from harness.task import Row

COLOURS = ("red", "blue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """One shouted label a line."""

    name: str

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the lines."""
        for each in predictions:
            if each.value is None:
                raise DataError(f"example {each.id!r} has no label: predict one")
        return "".join(f"{str(each.value).upper()}\n" for each in predictions)

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return the labels."""
        lines = text.split()
        if len(lines) != len(examples):
            raise DataError(f"line {len(lines)} is the last, expected {len(examples)}")
        pairs = zip(lines, examples, strict=True)
        return [Prediction(id=each.id, value=line.lower()) for line, each in pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaf(Labels):
    """Reads everything as red."""

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return red, whatever stands there."""
        return [Prediction(id=each.id, value="red") for each in examples]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """How much each prediction is in doubt."""

    name: str = "doubts.json"

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str | None:
        """Return the doubts by id."""
        return json.dumps({each.id: 0.25 for each in predictions})

    def read(self, text: str, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Return the predictions with their doubts."""
        doubts = json.loads(text)
        if doubts.keys() != {each.id for each in predictions}:
            raise DataError("the ids are others: correct them")
        return [replace(p, detail={"doubt": doubts[p.id]}) for p in predictions]


def sample(split: str, seed: int) -> list[Row]:
    """Return rows whose test split has no labels."""
    return [
        {"idx": n, "text": f"{split} {n}", "label": -1 if split == "test" else n % 2}
        for n in range(10)
    ]


def _task(name: str, submission: Labels | None, **changes: object) -> Task:
    data = Data(hub=None, folder=f"marks/{name}", sample=sample)
    fields: dict[str, object] = {
        "id": f"marks/{name}",
        "title": name.title(),
        "summary": "which colour?",
        "data": data,
        "problem": Classification(inputs=("text",), labels=COLOURS),
        "metrics": ("accuracy",),
        "submission": submission,
    }
    return Task(**(fields | changes))  # type: ignore[arg-type] # a test's own values


TASKS = (
    _task("one", Labels(name="one.txt")),
    _task("two", Labels(name="two.txt"), companions=(Doubts(),)),
    _task("bare", None),
    _task("deaf", Deaf(name="deaf.txt")),
    _task(
        "dev",
        Labels(name="one.txt"),
        data=Data(hub=None, folder="marks/dev", submit=None, sample=sample),
    ),
)


def _benchmark(name: str, *tasks: str, archive: Archive | None) -> Benchmark:
    ids = tuple(f"marks/{task}" for task in tasks)
    return Benchmark(id=name, title=name, tasks=ids, groups=(), archive=archive)


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register the tasks."""
    return TASKS


@hookimpl
def harness_benchmarks() -> Sequence[Benchmark]:
    """Register benchmarks that are packed in several ways."""
    zipped = Archive(
        kind="zip", constant_files={"who.txt": "us\n"}, instructions="send it to us"
    )
    folder = Archive(kind="folder")
    return [
        _benchmark("marks", "one", "two", "bare", archive=zipped),
        _benchmark("folder", "one", "two", "dev", archive=folder),
        _benchmark("deaf", "deaf", archive=zipped),
        _benchmark("twice", "one", "dev", archive=zipped),
        _benchmark("closed", "one", archive=None),
    ]
