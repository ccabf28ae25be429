"""The README of the reports shelf: its plugin runs, its letters are the page's."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pluggy
import pytest

from harness import hookspecs
from harness.results import ReportFormat, Results
from harness_reports import flags

README = Path(__file__).resolve().parents[2] / "reports" / "README.md"


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def format_of_the_readme(readme: str) -> ReportFormat:
    (source,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    plugin = ModuleType("failures")
    exec(source, plugin.__dict__)
    manager = pluggy.PluginManager("harness")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    manager.check_pending()
    ((found,),) = manager.hook.harness_report_formats()
    assert isinstance(found, ReportFormat)
    return found


def test_the_plugin_of_the_readme_lists_what_failed(
    format_of_the_readme: ReportFormat, glue: Results
) -> None:
    lines = format_of_the_readme.render(glue).splitlines()
    assert lines[0].startswith("failed: t5:acme/dogwood-small on glue/qqp: loss is not")
    assert lines[-1] == f"2 of {len(glue.cells)} cells"


def test_the_readme_names_every_letter(readme: str) -> None:
    letters = {kind[0] for kind in flags.KINDS} | {flags.FAILED_SEEDS, flags.LEFT_OUT}
    assert letters <= set(re.findall(r"`(\w)` ", readme))
