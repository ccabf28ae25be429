"""Pre-training: objectives over plain text, and what one is given and returns.

An objective makes lessons of texts and trains a model's own output layer on them, from
a checkpoint or from scratch. `harness train` runs one; what comes of it is a checkpoint
like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.events import TrainStep
from harness.model import Adapter, LoadSettings, ModelCard, SimpleAdapter
from harness.recipe import TrainReport, keep_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochFigures:
    """How well the model as it stands says text that it is not trained on.

    Attributes:
        step: optimiser steps taken so far.
        epoch: epochs seen; the last may be a fraction.
        loss: mean loss over the held-out words that are asked, in nats.
        perplexity: its exponential.
        others: further figures by name, such as the accuracy of a second head.
    """

    step: int
    epoch: float
    loss: float
    perplexity: float
    others: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainJob:
    """All that an objective needs.

    Attributes:
        model: the loaded model.
        texts: the documents.
        hold_out: the share of the text that is only measured, from 0 to below 1.
        settings: an instance of the objective's settings class, resolved.
        seed: seeds what is masked and drawn, the order and the dropout.
        load: device and precision.
        folder: where the checkpoint goes; it is shown only when the objective has
            returned.
        scratch: a folder that outlives the process, for what a resumed run needs.
        on_step: told of every optimiser step.
        on_epoch: told of every epoch's held-out figures.
    """

    model: SimpleAdapter | Adapter
    texts: Sequence[str]
    hold_out: float
    settings: Any
    seed: int
    load: LoadSettings
    folder: Path
    scratch: Path
    on_step: Callable[[TrainStep], None]
    on_epoch: Callable[[EpochFigures], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainReport:
    """What came of pre-training.

    Attributes:
        training: the loop's report.
        epochs: the held-out figures of each epoch; empty where nothing is held out.
        text_tokens: tokens of the text that was trained on, once.
    """

    training: TrainReport
    epochs: tuple[EpochFigures, ...]
    text_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveEntry:
    """What a plugin registers for a pre-training objective.

    Attributes:
        name: the name behind ``--objective``.
        summary: one line for `harness list objectives`.
        settings: a frozen dataclass whose fields are the settings with defaults.
        needs: which of `ModelCard.pretrains` a model must have.
        run: trains and writes the checkpoint into `PretrainJob.folder`.
        resolve: fills in what the settings leave to the model.
    """

    name: str
    summary: str
    settings: type
    needs: str
    run: Callable[[PretrainJob], PretrainReport]
    resolve: Callable[[Any, ModelCard], Any] = keep_settings
