"""Run, fine-tune and compare text models on benchmark suites.

This is the public API for plugin authors and for notebooks, as one explicit list.
Importing it loads no torch, transformers, datasets, pandas or numpy.
"""

from __future__ import annotations

from harness.api import run
from harness.engine.batches import cut_batches
from harness.errors import (
    CheckpointError,
    DataError,
    HarnessError,
    MissingDataError,
    OutOfMemoryError,
    PluginError,
    StoreError,
    TrainingError,
    UsageError,
)
from harness.hookspecs import hookimpl
from harness.model import (
    Budget,
    Encoded,
    Head,
    LoadSettings,
    Loss,
    ModelCard,
    ModelEntry,
    ModelName,
    Predictor,
    PredictorEntry,
    TrainingExample,
)
from harness.problems import Classification, Regression
from harness.task import (
    Benchmark,
    Data,
    Example,
    HubData,
    Prediction,
    Prompt,
    Task,
)

__all__ = [
    "Benchmark",
    "Budget",
    "CheckpointError",
    "Classification",
    "Data",
    "DataError",
    "Encoded",
    "Example",
    "HarnessError",
    "Head",
    "HubData",
    "LoadSettings",
    "Loss",
    "MissingDataError",
    "ModelCard",
    "ModelEntry",
    "ModelName",
    "OutOfMemoryError",
    "PluginError",
    "Prediction",
    "Predictor",
    "PredictorEntry",
    "Prompt",
    "Regression",
    "StoreError",
    "Task",
    "TrainingError",
    "TrainingExample",
    "UsageError",
    "cut_batches",
    "hookimpl",
    "run",
]

__version__ = "0.1.0"
