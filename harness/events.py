"""What listeners are told while a run goes on. All light, all frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CellStatus = Literal["done", "failed", "blocked", "cached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A plan is about to be carried out."""

    run_id: str
    cells: int
    cached: int
    title: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStarted:
    """A cell begins.

    Attributes:
        fingerprint: the cell's identity.
        kind: ``train`` or ``evaluate``.
        title: such as ``bert:tiny · glue/cola · finetune:full · seed 1``.
        index: its place in the run, from 1.
        facts: model, task, regime, seed and settings by name, all as text.
    """

    fingerprint: str
    kind: Literal["train", "evaluate"]
    title: str
    index: int
    cells: int
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainStep:
    """An optimiser step is done; rates are over the last few steps.

    Attributes:
        fingerprint: the train cell's identity; the runner adds it to what the recipe
            tells.
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    examples_per_s: float
    tokens_per_s: float
    seconds_left: float
    fingerprint: str = ""


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
    """An evaluate cell, or a training on plain text, ended.

    `reason` says why where it did not succeed.

    Attributes:
        scores: every metric that is a number, on the displayed scale, as
            ``glue/mrpc accuracy``.
        trained: the identity of the train cell behind it, None where there is none.
    """

    fingerprint: str
    title: str
    status: CellStatus
    seconds: float
    score: float | None = None
    reason: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    trained: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The plan was carried out as far as it could be."""

    run_id: str
    done: int
    cached: int
    failed: int
    blocked: int
    seconds: float
