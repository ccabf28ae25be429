"""Official scorers: our metrics behind the interfaces of the scripts they must equal.

A golden case holds what an official scorer got and what it gave. `OfficialScorer.score`
gets the case's inputs alone and answers under the official key names; it never sees
what is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Inputs = Mapping[str, Any]
"""What the official scorer got, as the golden case's JSON has it."""
Outputs = Mapping[str, Any]
"""What a scorer gives, under the official key names, nested as the official one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialScorer:
    """One official scorer, as our metrics reproduce it.

    Attributes:
        suite: the suite of its golden cases, such as ``squad``.
        metric: the metric of its golden cases, such as ``squad_v2``.
        score: makes the official outputs from the official inputs, through the same
            metrics that runs use. Raises a `HarnessError` where the official scorer
            fails too.
        cases: the folder of the golden cases that ship with the plugin, None where
            there are none.
        known_differences: keys of the output whose difference has a reason, with the
            absolute tolerance on real and synthetic data; each is shown, none is
            hidden, and adversarial cases allow none.
        known_cases: the same for single cases, by name, that differ by more.
        not_offered: keys of the output that ours does not give, each with the reason.
        source: repository, file and commit of the official scorer.
    """

    suite: str
    metric: str
    score: Callable[[Inputs], Outputs]
    cases: Path | None = None
    known_differences: Mapping[str, float] = field(default_factory=dict)
    known_cases: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    not_offered: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def known_of(self, case: str) -> Mapping[str, float]:
        """Return the known differences of a case, by key."""
        return {**self.known_differences, **self.known_cases.get(case, {})}

    @property
    def id(self) -> str:
        """The scorer's name, such as ``squad/squad_v2``."""
        return f"{self.suite}/{self.metric}"
