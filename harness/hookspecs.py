"""Every hook: when it is called, how often, what to return, and an example.

A plugin is a module (or any object) with functions of these names, decorated with
`hookimpl`, and registered under the entry-point group ``harness`` or named with
``--plugin``. Return-hooks are called once, when plugins load: return light values
and import heavy libraries inside the functions that those values hold. Event-hooks
are called while a run goes on, in the process that runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from harness.data import DataSourceEntry
    from harness.events import (
        BatchAnswered,
        CellFinished,
        CellStarted,
        RunFinished,
        RunStarted,
        TrainStep,
    )
    from harness.executors import ExecutorEntry
    from harness.metric import MetricEntry
    from harness.model import ModelEntry, PredictorEntry
    from harness.official import OfficialScorer
    from harness.pretraining import ObjectiveEntry
    from harness.recipe import RecipeEntry
    from harness.results import ReportFormat
    from harness.task import Benchmark, Task
    from harness.tracker import TrackerEntry

hookspec = pluggy.HookspecMarker("harness")
hookimpl = pluggy.HookimplMarker("harness")


@hookspec
def harness_tasks() -> Sequence[Task]:  # type: ignore[empty-body] # a specification
    """Return tasks. Called once, when plugins load.

    Example::

        @hookimpl
        def harness_tasks():
            return [Task(id="my/reviews", ...)]
    """


@hookspec
def harness_benchmarks() -> Sequence[Benchmark]:  # type: ignore[empty-body] # likewise
    """Return benchmarks: named groups of tasks with an aggregate. Called once.

    Example::

        @hookimpl
        def harness_benchmarks():
            return [Benchmark(id="my", title="Mine", tasks=..., groups=...)]
    """


@hookspec
def harness_models() -> Sequence[ModelEntry | PredictorEntry]:  # type: ignore[empty-body]
    """Return model adapters and baselines. Called once.

    Example::

        @hookimpl
        def harness_models():
            return [ModelEntry(name="echo", describe=describe, load=load, ...)]
    """


@hookspec
def harness_recipes() -> Sequence[RecipeEntry]:  # type: ignore[empty-body] # likewise
    """Return ways to fine-tune. Called once.

    Example::

        @hookimpl
        def harness_recipes():
            return [RecipeEntry(name="full", settings=FullSettings, run=train, ...)]
    """


@hookspec
def harness_objectives() -> Sequence[ObjectiveEntry]:  # type: ignore[empty-body]
    """Return ways to pre-train on plain text. Called once.

    Example::

        @hookimpl
        def harness_objectives():
            return [ObjectiveEntry(name="mlm", needs="masked", run=train, ...)]
    """


@hookspec
def harness_metrics() -> Sequence[MetricEntry]:  # type: ignore[empty-body] # likewise
    """Return metrics. Called once.

    Example::

        @hookimpl
        def harness_metrics():
            return [MetricEntry(name="accuracy", summary="...", make=make_accuracy)]
    """


@hookspec
def harness_official_scorers() -> Sequence[OfficialScorer]:  # type: ignore[empty-body]
    """Return official scorers that `harness verify` proves our metrics equal to.

    Called once.

    Example::

        @hookimpl
        def harness_official_scorers():
            return [OfficialScorer(suite="squad", metric="squad_v2", score=score)]
    """


@hookspec
def harness_report_formats() -> Sequence[ReportFormat]:  # type: ignore[empty-body]
    """Return report formats. Called once.

    Example::

        @hookimpl
        def harness_report_formats():
            return [ReportFormat(name="csv", suffix=".csv", render=to_csv, ...)]
    """


@hookspec
def harness_executors() -> Sequence[ExecutorEntry]:  # type: ignore[empty-body]
    """Return ways to carry out the cells of a plan. Called once.

    Example::

        @hookimpl
        def harness_executors():
            return [ExecutorEntry(name="in-process", summary="...", run=run)]
    """


@hookspec
def harness_data_sources() -> Sequence[DataSourceEntry]:  # type: ignore[empty-body]
    """Return data sources, which ``--data`` names. Called once.

    Example::

        @hookimpl
        def harness_data_sources():
            return [DataSourceEntry(name="sample", summary="...", open=open_sample)]
    """


@hookspec
def harness_trackers() -> Sequence[TrackerEntry]:  # type: ignore[empty-body] # likewise
    """Return experiment trackers, which ``--track`` names. Called once.

    Example::

        @hookimpl
        def harness_trackers():
            return [TrackerEntry(name="csv", summary="...", place="FILE", make=Csv)]
    """


@hookspec
def harness_run_started(event: RunStarted) -> None:
    """Hear that a plan is about to be carried out. Called once a run.

    Example::

        @hookimpl
        def harness_run_started(event):
            print(event.cells, "cells")
    """


@hookspec
def harness_cell_started(event: CellStarted) -> None:
    """Hear that a cell begins. Called once a cell that is not in the store.

    Example::

        @hookimpl
        def harness_cell_started(event):
            print(event.title)
    """


@hookspec
def harness_train_step(event: TrainStep) -> None:
    """Hear of an optimiser step. Called once a step: return quickly.

    Example::

        @hookimpl
        def harness_train_step(event):
            writer.add_scalar("loss", event.loss, event.step)
    """


@hookspec
def harness_batch_answered(event: BatchAnswered) -> None:
    """Hear that a batch's answers are in the store. Called once a batch.

    Example::

        @hookimpl
        def harness_batch_answered(event):
            print(event.done, "of", event.requests)
    """


@hookspec
def harness_cell_finished(event: CellFinished) -> None:
    """Hear that a cell ended, well or badly. Called once a cell.

    Example::

        @hookimpl
        def harness_cell_finished(event):
            print(event.title, event.status, event.score)
    """


@hookspec
def harness_run_finished(event: RunFinished) -> None:
    """Hear that the run is over. Called once a run.

    Example::

        @hookimpl
        def harness_run_finished(event):
            print(event.failed, "failed")
    """
