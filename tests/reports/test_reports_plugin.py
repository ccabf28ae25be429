"""The plugin: which formats it registers, and that it is light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.results import Results
from harness_reports.plugin import harness_report_formats

HEAVY = ("jinja2", "markupsafe", "numpy", "pandas", "torch", "scipy")


def test_four_formats_are_registered() -> None:
    names = [(each.name, each.suffix) for each in harness_report_formats()]
    assert names == [
        ("html", ".html"),
        ("csv", ".csv"),
        ("markdown", ".md"),
        ("json", ".json"),
    ]


@pytest.mark.parametrize("index", range(4))
def test_every_format_renders(index: int, glue: Results) -> None:
    assert "elm-124m" in harness_report_formats()[index].render(glue)


def test_the_plugin_loads_nothing_heavy() -> None:
    code = "import sys, harness_reports.plugin; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(HEAVY).isdisjoint(ran.stdout.split())
