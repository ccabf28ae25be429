"""The script that measures metrics knows them all and runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import metric_scaling
from harness.builtin import harness_metrics


def test_every_registered_metric_is_measured() -> None:
    measured = {spec.partition(",")[0] for spec in metric_scaling.ITEMS.specs()}
    assert measured == {entry.name for entry in harness_metrics()}


def test_figures_are_printed_and_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "figures.json"
    asked = ["--counts", "20", "40", "--metrics", "spearman", "accuracy"]
    metric_scaling.main([*asked, "--draws", "10", "--json", str(told)])
    rows = json.loads(told.read_text(encoding="utf-8"))
    assert [(row["metric"], row["examples"], row["method"]) for row in rows] == [
        ("accuracy", 20, "Wilson"),
        ("accuracy", 40, "Wilson"),
        ("spearman", 20, "bootstrap, 10 draws"),
        ("spearman", 40, "bootstrap, 10 draws"),
    ]
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(rows)
