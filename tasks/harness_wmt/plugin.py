"""The WMT translation test sets, and sacreBLEU as their official scorer."""

from __future__ import annotations

from collections.abc import Sequence

from harness import OfficialScorer, hookimpl
from harness_wmt.official import SCORERS


@hookimpl
def harness_official_scorers() -> Sequence[OfficialScorer]:
    """Register sacreBLEU's scores, tokenizers and paired tests."""
    return SCORERS
