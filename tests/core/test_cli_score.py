"""`harness score`: scores of a file, printed, as JSON, and kept in a store."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

TOY = str(Path(__file__).parent / "toy_plugin.py")
ROWS = """\
tasks:
  - id: my/stars
    title: Stars
    summary: how many stars?
    data: {folder: stars, id_column: null}
    regression: {inputs: [text], low: 0, high: 1}
    metrics: [pearson]
"""
Run = Callable[..., Any]


@pytest.fixture
def predictions(tmp_path: Path) -> str:
    """Write the right colours, the first two wrong: 18 of 20."""
    path = tmp_path / "colours.txt"
    lines = ["blue", "red", *(["red", "blue"] * 9)]
    path.write_text("\n".join(lines))
    return str(path)


def score(run: Run, *words: str) -> Any:
    return run("score", "toy/colours", *words, "--data", "sample", "-p", TOY)


def test_scores_have_intervals_and_signatures(
    run_command: Run, predictions: str
) -> None:
    out = score(run_command, predictions).out.splitlines()
    assert out[0].endswith(
        "read as lines: one line an example, in the order of the data"
    )
    low, high = binomtest(18, 20).proportion_ci(method="wilson")
    interval = [f"{100 * low:.2f}", "to", f"{100 * high:.2f}"]
    assert out[4].split()[:5] == ["accuracy", "90.00", *interval]
    assert out[4].endswith("accuracy|n:20|v:1")


def test_scores_can_be_json(run_command: Run, predictions: str) -> None:
    found = json.loads(score(run_command, predictions, "--json").out)
    assert (found["format"], found["examples"]) == ("lines", 20)
    assert found["scores"][0]["value"] == 0.9


def test_an_undefined_score_is_null_in_json(run_command: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.yaml"
    rows.write_text(ROWS)
    (tmp_path / "stars").mkdir()
    (tmp_path / "stars" / "validation.csv").write_text("text,label\na,1\nb,0\n")
    (tmp_path / "p.txt").write_text("1\n1\n")
    words = (str(tmp_path / "p.txt"), "--data", str(tmp_path), "-p", str(rows))
    found = json.loads(run_command("score", "my/stars", *words, "--json").out)
    assert found["scores"][0]["value"] is None


def test_a_split_without_labels_is_refused(run_command: Run, predictions: str) -> None:
    outcome = score(run_command, predictions, "--split", "submit")
    assert outcome.code == 2
    assert "has no labels, so nothing can be scored" in outcome.error


def test_a_leaderboard_can_show_the_file(
    run_command: Run, predictions: str, tmp_path: Path
) -> None:
    store, page = str(tmp_path / "store.sqlite"), tmp_path / "page.csv"
    score(run_command, predictions, "--store", store)
    score(run_command, predictions, "--store", store, "--model", "file:other")
    words = ("--store", store, "--out", str(page), "-p", TOY)
    assert run_command("leaderboard", *words).code == 0
    assert "file:colours.txt" in page.read_text()
    assert "file:other" in page.read_text()
