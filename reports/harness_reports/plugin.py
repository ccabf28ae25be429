"""Register the report formats."""

from __future__ import annotations

from collections.abc import Sequence

from harness import ReportFormat, Results, hookimpl


def _html(results: Results) -> str:
    from harness_reports.html import to_html  # jinja2, only needed here

    return to_html(results)


def _csv(results: Results) -> str:
    from harness_reports.text import to_csv

    return to_csv(results)


def _markdown(results: Results) -> str:
    from harness_reports.markdown import to_markdown

    return to_markdown(results)


def _json(results: Results) -> str:
    from harness_reports.text import to_json

    return to_json(results)


@hookimpl
def harness_report_formats() -> Sequence[ReportFormat]:
    """Register the leaderboard page and its plain-text siblings."""
    return [
        ReportFormat(
            name="html",
            suffix=".html",
            summary="the leaderboard page: one file that opens from disk",
            render=_html,
        ),
        ReportFormat(
            name="csv",
            suffix=".csv",
            summary="one line a cell and metric, at full precision",
            render=_csv,
        ),
        ReportFormat(
            name="markdown",
            suffix=".md",
            summary="the leaderboard's tables for a README or an issue",
            render=_markdown,
        ),
        ReportFormat(
            name="json",
            suffix=".json",
            summary="everything that is known of every cell",
            render=_json,
        ),
    ]
