"""Every comparison, in the order of the table."""

from __future__ import annotations

from benchmarks.beside.scenario import Scenario
from benchmarks.scenarios import encoders, scoring, training, whole, writing

SCENARIOS: tuple[Scenario, ...] = (
    *scoring.SCENARIOS,
    *whole.SCENARIOS,
    *encoders.SCENARIOS,
    *writing.SCENARIOS,
    *training.SCENARIOS,
    *scoring.BF16,
    *encoders.BF16,
)
