"""The leaderboard page: one HTML file without a single outside request."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from harness.results import CellResult, Results
from harness_reports import figures, numbers, words
from harness_reports.charts import color_class
from harness_reports.leaderboard import build_view
from harness_reports.provenance import own_facts
from harness_reports.view import Row, RunView, TaskView, View

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent


def to_html(results: Results) -> str:
    """Return the page, with its one style and one script allowed by their hashes."""
    view = build_view(results)
    style, script = _static("page.css"), _static("page.js")
    runs = {run.name: run for run in view.runs}

    def facts(cell: CellResult, row: Row, task: TaskView) -> dict[str, str]:
        return own_facts(cell, run_of(cell).facts, row.facts, task.facts)

    def run_of(cell: CellResult) -> RunView:
        return runs[cell.provenance.get("run", "")]

    template = _environment().get_template("page.html.j2")
    return template.render(
        view=view,
        summary=summary(view),
        policy=content_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        own_facts=facts,
        run_of=run_of,
    )


def content_policy(style: str, script: str) -> str:
    """Return a policy that allows this style and this script and nothing else."""
    allowed = f"style-src {_hash(style)}; script-src {_hash(script)}"
    return (
        f"default-src 'none'; {allowed}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _static(name: str) -> str:
    return (_HERE / "static" / name).read_text(encoding="utf-8")


def summary(view: View) -> str:
    """Say in a line how much was compared."""
    models = sum(not model.is_baseline for model in view.models)
    parts = [numbers.counted(models, "model"), numbers.counted(len(view.tasks), "task")]
    parts += [
        numbers.counted(number, f"{status} cell")
        for status, number in view.counts.items()
        if status in ("failed", "blocked")
    ]
    return " · ".join(parts)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        numbers.fixed,
        numbers.plus_minus,
        numbers.bracketed,
        numbers.significant,
        numbers.memory,
        numbers.percent,
        numbers.count,
        numbers.duration,
        numbers.counted,
    ):
        environment.filters[function.__name__] = function
    environment.globals["figures"] = figures
    environment.globals["words"] = words
    environment.globals["color_class"] = color_class
    return environment
