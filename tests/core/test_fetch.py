"""What is fetched is whole, listed with its hash, and read as from its source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.data import load_split
from harness.data.folder import FolderSource
from harness.plugins import load_plugins

ROWS = """\
tasks:
  - id: my/reviews
    title: Reviews
    summary: is it good?
    data: {folder: reviews, id_column: null, submit: null}
    classification: {inputs: [text], labels: [no, yes]}
    metrics: [accuracy]
  - id: my/others
    title: Others
    summary: is it good, elsewhere?
    trained_on: my/reviews
    data: {folder: others, id_column: null, train: null, submit: hidden}
    classification: {inputs: [text], labels: [no, yes]}
    metrics: [accuracy]
"""
FILES = {
    "reviews/train.csv": "text,label\nfine,1\nbad,0\n",
    "reviews/validation.csv": "text,label\nlovely,1\ndull,0\n",
    "others/validation.csv": "text,label\nsweet,1\nsour,0\n",
}
Run = Callable[..., Any]


class Bench:
    """Fetches from one folder to another."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self.source, self.out = folder / "source", folder / "out"
        for name, text in FILES.items():
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.rows = folder / "rows.yaml"
        self.rows.write_text(ROWS)

    def fetch(self, *words: str) -> Any:
        places = ("--data", str(self.source), "--out", str(self.out))
        return self._run("fetch", *words, *places, "-p", str(self.rows))

    def statuses(self, *words: str) -> dict[str, str]:
        brought = json.loads(self.fetch(*words, "--json").out)
        return {one["name"]: one["status"] for one in brought}

    def manifest(self) -> Any:
        return json.loads((self.out / "harness-manifest.json").read_text())


@pytest.fixture
def bench(run_command: Run, tmp_path: Path) -> Bench:
    return Bench(run_command, tmp_path)


def test_every_split_is_brought_and_what_is_not_there_is_told(bench: Bench) -> None:
    assert bench.statuses("my") == {
        "reviews/validation.parquet": "loaded",
        "reviews/train.parquet": "loaded",
        "others/validation.parquet": "loaded",
        "others/hidden.parquet": "missing",
    }


def test_a_task_brings_the_split_that_it_is_trained_on(bench: Bench) -> None:
    assert "reviews/train.parquet" in bench.statuses("my/others")


def test_a_copy_is_read_as_its_source_is(bench: Bench) -> None:
    bench.fetch("my/reviews")
    task = load_plugins([str(bench.rows)], entry_points=False).task("my/reviews")
    found = load_split(task, FolderSource(root=bench.out), "train").content_hash
    wanted = load_split(task, FolderSource(root=bench.source), "train").content_hash
    listed = bench.manifest()["files"]["reviews/train.parquet"]
    assert found == wanted == listed["content_hashes"]["my/reviews"]


def test_the_same_command_again_verifies(bench: Bench) -> None:
    bench.fetch("my/reviews")
    before = bench.manifest()
    assert set(bench.statuses("my/reviews").values()) == {"verified"}
    assert bench.manifest() == before


def test_what_is_damaged_is_loaded_again(bench: Bench) -> None:
    bench.fetch("my/reviews")
    damaged = bench.out / "reviews/train.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    assert bench.statuses("my/reviews") == {
        "reviews/validation.parquet": "verified",
        "reviews/train.parquet": "loaded",
    }
    assert set(bench.statuses("my/reviews").values()) == {"verified"}


def test_what_an_interruption_left_out_is_loaded(bench: Bench) -> None:
    bench.fetch("my/reviews")
    (bench.out / "reviews/train.parquet").unlink()
    assert bench.statuses("my/reviews")["reviews/train.parquet"] == "loaded"


def test_a_file_of_ones_own_is_not_written_over(bench: Bench) -> None:
    own = bench.out / "reviews/train.parquet"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    outcome = bench.fetch("my/reviews")
    assert outcome.code == 2
    assert "train.parquet is there and was not fetched" in outcome.error
    assert own.read_text() == "mine"


def test_wrong_data_fails_and_leaves_nothing(bench: Bench) -> None:
    (bench.source / "reviews/train.csv").write_text("text,label\nfine,maybe\n")
    outcome = bench.fetch("my/reviews")
    assert outcome.code == 1
    assert "failed: reviews/train.parquet" in outcome.out
    assert sorted(path.name for path in bench.out.rglob("*.parquet")) == [
        "validation.parquet"
    ]


def test_a_suite_brings_its_tasks_and_models(bench: Bench, tmp_path: Path) -> None:
    suite = tmp_path / "suite.yaml"
    suite.write_text('models: ["majority:"]\ntasks: [my/reviews]\n')
    assert bench.statuses(str(suite)) == {
        "reviews/validation.parquet": "loaded",
        "reviews/train.parquet": "loaded",
        "majority:": "verified",
    }


def test_a_models_weights_must_stay_the_same(bench: Bench) -> None:
    assert bench.statuses("my/reviews", "--model", "bert:tiny")["bert:tiny"] == "loaded"
    words = ("my/reviews", "--model", "bert:tiny")
    assert bench.statuses(*words)["bert:tiny"] == "verified"
    path = bench.out / "harness-manifest.json"
    body = bench.manifest()
    body["models"]["bert:tiny"] = "0" * 64
    path.write_text(json.dumps(body))
    assert "bert:tiny is another than was fetched before" in bench.fetch(*words).error


def test_nothing_at_all_is_a_mistake(bench: Bench) -> None:
    assert "nothing to fetch: name a suite" in bench.fetch().error


def test_a_model_may_be_fetched_alone(bench: Bench) -> None:
    assert bench.statuses("--model", "bert:tiny") == {"bert:tiny": "loaded"}


def test_the_sample_is_not_fetched(run_command: Run, tmp_path: Path) -> None:
    toy = str(Path(__file__).parent / "toy_plugin.py")
    words = ("toy/colours", "--data", "sample", "--out", str(tmp_path / "out"))
    outcome = run_command("fetch", *words, "-p", toy)
    assert outcome.code == 1
    assert "is made up, so there is nothing to fetch" in outcome.out


def test_a_manifest_that_is_none_is_refused(bench: Bench) -> None:
    bench.out.mkdir()
    (bench.out / "harness-manifest.json").write_text('{"format": "x", "version": 1}')
    outcome = bench.fetch("my/reviews")
    assert outcome.code == 2
    assert "can't be read as a manifest of version 1" in outcome.error


def test_a_name_that_nobody_registered_is_answered_with_the_nearest(
    bench: Bench,
) -> None:
    assert "unknown task 'my/review': did you mean" in bench.fetch("my/review").error


def test_a_source_that_has_nothing_of_it_is_a_failure(bench: Bench) -> None:
    bench.source = bench.source / "empty"
    bench.source.mkdir()
    outcome = bench.fetch("my/reviews")
    assert outcome.code == 1
    assert "to run offline" not in outcome.out


def test_a_reason_that_holds_for_several_files_is_told_once(
    run_command: Run, tmp_path: Path
) -> None:
    toy = str(Path(__file__).parent / "toy_plugin.py")
    words = ("toy/colours", "--data", "folder:" + str(tmp_path), "--out")
    outcome = run_command("fetch", *words, str(tmp_path / "out"), "-p", toy)
    assert outcome.out.count("there is no folder") == 1
    assert " and 2 more: there is no folder" in outcome.out
