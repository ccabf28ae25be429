"""What listeners are told while a run goes on. All light, all frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CellStatus = Literal["done", "failed", "blocked", "cached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A plan is about to be carried out."""

    run_id: str
    cells: int
    cached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStarted:
    """A cell begins.

    Attributes:
        fingerprint: the cell's identity.
        kind: ``train`` or ``evaluate``.
        title: such as ``bert:tiny · glue/cola · finetune:full · seed 1``.
        index: its place in the run, from 1.
    """

    fingerprint: str
    kind: Literal["train", "evaluate"]
    title: str
    index: int
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainStep:
    """An optimiser step is done; rates are over the last few steps."""

    step: int
    steps: int
    loss: float
    learning_rate: float
    examples_per_s: float
    tokens_per_s: float
    seconds_left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswered:
    """A batch's answers are in the store.

    Attributes:
        done: requests answered so far in this cell.
        requests: requests that the cell asks, 0 where not yet known.
    """

    fingerprint: str
    done: int
    requests: int
    seconds_left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFinished:
    """A cell ended; `reason` says why where it did not succeed."""

    fingerprint: str
    title: str
    status: CellStatus
    seconds: float
    score: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The plan was carried out as far as it could be."""

    run_id: str
    done: int
    cached: int
    failed: int
    blocked: int
    seconds: float
