"""The plan: a graph of train and evaluate cells, checked before any weights load.

`harness.plan.planner` makes it of a suite.
"""

from harness.plan.cells import (
    LIMIT_SEED,
    EvaluateCell,
    Job,
    Plan,
    TrainCell,
    Unaskable,
    fingerprint,
    once_unaskable,
    precision,
)

__all__ = [
    "LIMIT_SEED",
    "EvaluateCell",
    "Job",
    "Plan",
    "TrainCell",
    "Unaskable",
    "fingerprint",
    "once_unaskable",
    "precision",
]
