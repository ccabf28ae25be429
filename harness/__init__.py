"""Run, fine-tune and compare text models on benchmark suites.

This is the public API for plugin authors and for notebooks, as one explicit list.
Importing it loads no torch, transformers, datasets, pandas or numpy.
"""

from __future__ import annotations

from harness.api import run
from harness.data.source import DataSourceEntry
from harness.engine.batches import cut_batches
from harness.errors import (
    CheckpointError,
    DataError,
    HarnessError,
    MissingDataError,
    OutOfMemoryError,
    PeerError,
    PluginError,
    ServerError,
    StoreError,
    TrainingError,
    UsageError,
)
from harness.executors import ExecutorEntry
from harness.hookspecs import hookimpl
from harness.metric import MetricEntry
from harness.model import (
    Adapter,
    Budget,
    Encoded,
    Head,
    LoadSettings,
    Loss,
    Measured,
    ModelCard,
    ModelEntry,
    ModelName,
    NewModel,
    Positions,
    Predictor,
    PredictorEntry,
    Session,
    SimpleAdapter,
    Trainable,
    TrainingExample,
)
from harness.official import OfficialScorer
from harness.pretraining import (
    EpochFigures,
    ObjectiveEntry,
    PretrainJob,
    PretrainReport,
)
from harness.problems import (
    Blank,
    Classification,
    Following,
    LanguageModelling,
    LastWord,
    MultipleChoice,
    Regression,
    Retrieval,
    SpanAnswer,
    Tagging,
    TextToText,
)
from harness.recipe import CommonSettings, RecipeEntry, TrainJob, TrainReport
from harness.results import ReportFormat, Results
from harness.submission import Archive, CompanionFile, SubmissionFile
from harness.task import (
    Benchmark,
    Data,
    Example,
    HubData,
    Prediction,
    Problem,
    Prompt,
    Row,
    Task,
    Template,
)
from harness.tracker import TrackerEntry

__all__ = [
    "Adapter",
    "Archive",
    "Benchmark",
    "Blank",
    "Budget",
    "CheckpointError",
    "Classification",
    "CommonSettings",
    "CompanionFile",
    "Data",
    "DataError",
    "DataSourceEntry",
    "Encoded",
    "EpochFigures",
    "Example",
    "ExecutorEntry",
    "Following",
    "HarnessError",
    "Head",
    "HubData",
    "LanguageModelling",
    "LastWord",
    "LoadSettings",
    "Loss",
    "Measured",
    "MetricEntry",
    "MissingDataError",
    "ModelCard",
    "ModelEntry",
    "ModelName",
    "MultipleChoice",
    "NewModel",
    "ObjectiveEntry",
    "OfficialScorer",
    "OutOfMemoryError",
    "PeerError",
    "PluginError",
    "Positions",
    "Prediction",
    "Predictor",
    "PredictorEntry",
    "PretrainJob",
    "PretrainReport",
    "Problem",
    "Prompt",
    "RecipeEntry",
    "Regression",
    "ReportFormat",
    "Results",
    "Retrieval",
    "Row",
    "ServerError",
    "Session",
    "SimpleAdapter",
    "SpanAnswer",
    "StoreError",
    "SubmissionFile",
    "Tagging",
    "Task",
    "Template",
    "TextToText",
    "TrackerEntry",
    "TrainJob",
    "TrainReport",
    "Trainable",
    "TrainingError",
    "TrainingExample",
    "UsageError",
    "cut_batches",
    "hookimpl",
    "run",
]

__version__ = "0.1.0"
