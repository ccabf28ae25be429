"""What is registered is found by name, and a wrong name is answered with the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.model import ModelName
from harness.plugins import Plugins, load_plugins

PLUGIN = """
from types import SimpleNamespace
from harness import Benchmark, Classification, Data, PredictorEntry, Task, hookimpl
from harness.executors import ExecutorEntry
from harness.metric import MetricEntry
from harness.pretraining import ObjectiveEntry
from harness.recipe import RecipeEntry
from harness.results import ReportFormat

def row(task_id):
    return Task(
        id=task_id, title="T", summary="s", data=Data(hub=None, folder="f"),
        problem=Classification(inputs=("text",), labels=("no", "yes")),
        metrics=("hits",),
    )

@hookimpl
def harness_tasks():
    return [row("glue/mnli/matched"), row("glue/mnli/mismatched"), row("glued/sst2")]

@hookimpl
def harness_benchmarks():
    return [Benchmark(id="glued", title="G", tasks=("glued/sst2",), groups=())]

@hookimpl
def harness_models():
    return [PredictorEntry(name="dice", summary="s", make=None, options={"sides": "n"})]

@hookimpl
def harness_metrics():
    make = lambda labels, options: SimpleNamespace(labels=labels, options=options)
    return [MetricEntry(name="hits", summary="s", make=make, options={"positive": "l"})]

@hookimpl
def harness_recipes():
    return [RecipeEntry(name="full", summary="s", settings=int, trains=frozenset(), run=None)]

@hookimpl
def harness_objectives():
    return [ObjectiveEntry(name="echo", summary="s", settings=int, needs="causal", run=None)]

@hookimpl
def harness_report_formats():
    return [ReportFormat(name="csv", suffix=".csv", summary="s", render=str)]

@hookimpl
def harness_executors():
    return [ExecutorEntry(name="here", summary="s", run=map)]
"""


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Plugins:
    path: Path = tmp_path_factory.mktemp("plugins") / "toys.py"
    path.write_text(PLUGIN)
    return load_plugins([str(path)], entry_points=False)


def test_a_task_is_found_by_its_id(plugins: Plugins) -> None:
    assert plugins.task("glued/sst2").id == "glued/sst2"


def test_a_prefix_finds_all_below_it_and_nothing_beside(plugins: Plugins) -> None:
    found = [task.id for task in plugins.find_tasks("glue")]
    assert found == ["glue/mnli/matched", "glue/mnli/mismatched"]


def test_a_benchmark_is_found_by_its_id(plugins: Plugins) -> None:
    assert plugins.benchmark("glued").title == "G"


def test_a_model_name_finds_its_adapter(plugins: Plugins) -> None:
    assert plugins.model(ModelName.parse("dice:,sides=6")).name == "dice"


def test_a_recipe_an_objective_a_format_and_an_executor_are_found_by_name(
    plugins: Plugins,
) -> None:
    assert plugins.recipe("full").summary == "s"
    assert plugins.objective("echo").needs == "causal"
    assert plugins.format("csv").suffix == ".csv"
    assert plugins.executor("here").run is map


def test_a_metric_is_made_with_labels_and_options(plugins: Plugins) -> None:
    metric = plugins.metric("hits,positive=yes", ("no", "yes"))
    assert vars(metric) == {"labels": ("no", "yes"), "options": {"positive": "yes"}}


def test_an_entry_knows_its_plugin(plugins: Plugins) -> None:
    assert plugins.owners["recipes", "full"] == "toys"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: p.task("glue/sst2"),
            "unknown task 'glue/sst2': did you mean glued/sst2? "
            "'harness list tasks' shows all",
        ),
        (
            lambda p: p.find_tasks("gluee"),
            "unknown task 'gluee': did you mean glue or glued or glued/sst2? "
            "'harness list tasks' shows all",
        ),
        (
            lambda p: p.benchmark("glu"),
            "unknown benchmark 'glu': did you mean glued? "
            "'harness list benchmarks' shows all",
        ),
        (
            lambda p: p.model(ModelName.parse("dic:")),
            "unknown model adapter 'dic': did you mean dice? "
            "'harness list models' shows all",
        ),
        (
            lambda p: p.model(ModelName.parse("dice:,side=6")),
            "model 'dice:,side=6' has the unknown option 'side', expected one of "
            "sides: correct or remove it",
        ),
        (
            lambda p: p.recipe("lora"),
            "unknown recipe 'lora': 'harness list recipes' shows all",
        ),
        (
            lambda p: p.objective("ecco"),
            "unknown objective 'ecco': did you mean echo? "
            "'harness list objectives' shows all",
        ),
        (
            lambda p: p.metric("hit"),
            "unknown metric 'hit': did you mean hits? 'harness list metrics' shows all",
        ),
        (
            lambda p: p.metric("hits,negative=no"),
            "metric 'hits,negative=no' has the unknown option 'negative', expected "
            "one of positive: correct or remove it",
        ),
        (
            lambda p: p.metric("hits,positive"),
            "metric 'hits,positive': 'positive' is not a new option=value: write "
            "name,option=value",
        ),
        (
            lambda p: p.format("cvs"),
            "unknown report format 'cvs': did you mean csv? "
            "'harness list formats' shows all",
        ),
        (
            lambda p: p.executor("there"),
            "unknown executor 'there': did you mean here? "
            "'harness list executors' shows all",
        ),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(
    plugins: Plugins, call: object, message: str
) -> None:
    assert callable(call)
    with pytest.raises(UsageError) as caught:
        call(plugins)
    assert str(caught.value) == message
