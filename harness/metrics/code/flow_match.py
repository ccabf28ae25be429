"""How many of a reference's data flows a prediction has, names aside.

Source: `normalize_dataflow` and `corpus_dataflow_match` in CodeBLEU/dataflow_match.py
beside the evaluator of code-to-code-trans in microsoft/CodeXGLUE at commit
ac74a62802a0dd159b3258c78a2df8ad36cdf2b9. Names are numbered in order of appearance, a
flow's sources before the flow itself. Where several sources were merged the source
leaves their order to Python's hash of strings, so that its score depends on the hash
seed; here they stand in order of appearance, always.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from harness.metrics.code.flow import Flow

Numbered = tuple[int, str, tuple[int, ...]]


class FlowMatch(NamedTuple):
    """How many flows of a reference the prediction has too."""

    found: int
    total: int


def match_flows(prediction: Sequence[Flow], reference: Sequence[Flow]) -> FlowMatch:
    """Count the reference's flows, and those that the prediction has as often."""
    wanted, held = Counter(_numbered(reference)), Counter(_numbered(prediction))
    return FlowMatch((wanted & held).total(), wanted.total())


def _numbered(flows: Sequence[Flow]) -> list[Numbered]:
    numbers: dict[str, int] = {}
    found = []
    for flow in flows:
        for name in (*flow.names, flow.name):
            numbers.setdefault(name, len(numbers))
        sources = tuple(numbers[name] for name in flow.names)
        found.append((numbers[flow.name], flow.relation, sources))
    return found
