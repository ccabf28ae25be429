"""General tasks: reviews, summaries, named entities, perplexity of any text."""

from __future__ import annotations

from collections.abc import Sequence

from harness import DataSourceEntry, OfficialScorer, Task, hookimpl
from harness_text.rows import TASKS
from harness_text.text_source import TEXT


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register the rows."""
    return TASKS


@hookimpl
def harness_data_sources() -> Sequence[DataSourceEntry]:
    """Register plain text."""
    return [TEXT]


@hookimpl
def harness_official_scorers() -> Sequence[OfficialScorer]:
    """Register the scorers of summaries and of perplexity."""
    from harness_text.official import SCORERS

    return SCORERS
