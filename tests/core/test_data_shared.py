"""Every GLUE file of the shared data folder is what its task says.

The numbers of rows and labels are those of the folder's own manifest. Skipped where
the folder is absent.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from harness import Task
from harness.data import Split, load_split, open_source
from harness.data.folder import FOLDER
from harness_glue.rows import TASKS
from tests.places import SHARED

MANIFEST = SHARED / "data" / "MANIFEST.json"
pytestmark = pytest.mark.skipif(
    not MANIFEST.is_file(), reason=f"needs the shared data folder, looked for {SHARED}"
)


class Entry(NamedTuple):
    """What the manifest says of one file."""

    file: str
    rows: int
    labels: dict[str, int]


def entries() -> list[Entry]:
    if not MANIFEST.is_file():
        return []
    return [
        Entry(file["file"], file["rows"], file.get("label_distribution", {}))
        for file in json.loads(MANIFEST.read_text())["files"]
        if file["suite"] == "glue"
    ]


def task_of(folder: str) -> Task:
    return next(task for task in TASKS if task.data.folder == folder)


@cache
def load(file: str) -> Split:
    path = Path(file)
    source = open_source(str(SHARED / "data"), {"folder": FOLDER})
    return load_split(task_of(str(path.parent)), source, path.stem)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.file)
def test_split_has_the_rows_of_the_manifest(entry: Entry) -> None:
    split = load(entry.file)
    assert (split.size, sum(1 for _ in split)) == (entry.rows, entry.rows)


@pytest.mark.parametrize(
    "entry", [e for e in entries() if e.labels], ids=lambda entry: entry.file
)
def test_split_has_the_labels_of_the_manifest(entry: Entry) -> None:
    split = load(entry.file)
    labels = split.task.problem.labels
    counted = Counter(labels.index(str(example.target)) for example in split)
    assert counted == {int(label): count for label, count in entry.labels.items()}


def test_similarity_scores_are_read_as_the_decimals_they_were() -> None:
    if not (SHARED / "data/glue/stsb/train.parquet").is_file():
        pytest.skip("the shared data folder has no glue/stsb")
    targets = {example.target for example in load("glue/stsb/train.parquet")}
    # nine digits tell any two numbers of 32 bits apart
    assert all(len(str(target)) <= 10 for target in targets)
    assert 3.8 in targets
