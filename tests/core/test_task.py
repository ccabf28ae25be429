"""Task rows, templates and benchmarks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import Benchmark, Classification, Data, PluginError, Regression, Task
from harness.requests import JsonValue
from harness.task import matches, parse_spec, render


def test_a_template_inserts_values_as_they_are() -> None:
    row = {"a": "{b}", "b": "no"}
    assert render("say {a} {{c}}", row) == "say {b} {c}"


def test_a_template_with_an_unknown_column_is_refused() -> None:
    with pytest.raises(PluginError, match=r"has the field {b}, expected one of .* a"):
        render("{b}", {"a": "x"})


def test_a_template_runs_no_attribute_lookup() -> None:
    with pytest.raises(PluginError, match=r"has the field {a.__class__}"):
        render("{a.__class__}", {"a": "x"})


def test_a_prefix_matches_what_is_below_it_and_nothing_beside() -> None:
    assert matches("glue/mnli", "glue/mnli/matched")
    assert not matches("glue/mn", "glue/mnli/matched")


def test_a_spec_is_a_name_with_options() -> None:
    assert parse_spec("f1,positive=a b") == ("f1", {"positive": "a b"})


@pytest.mark.parametrize("text", ["f1,positive", "f1,a=1,a=2", "f1,=2"])
def test_a_malformed_spec_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a new option=value"):
        parse_spec(text)


def test_a_task_id_has_two_or_three_parts() -> None:
    with pytest.raises(PluginError, match="'mine' is not of the form suite/name"):
        _task("mine")


def test_a_headline_is_made_of_the_tasks_metrics() -> None:
    with pytest.raises(PluginError, match="headline metric 'f1', expected one of its"):
        replace(_task("my/task"), headline=("f1",))


def test_an_aggregate_counts_a_group_once() -> None:
    groups = (("a/m", "a/mm"), ("a/c",))
    bench = Benchmark(id="a", title="A", tasks=("a/m", "a/mm", "a/c"), groups=groups)
    assert bench.aggregate({"a/m": 80.0, "a/mm": 90.0, "a/c": 45.0}) == 65.0


def test_an_aggregate_needs_every_task_that_counts() -> None:
    bench = Benchmark(id="a", title="A", tasks=("a/x", "a/y"), groups=(("a/x",),))
    assert bench.aggregate({"a/y": 1.0}) is None
    assert bench.aggregate({"a/x": 1.0}) == 1.0


@pytest.mark.parametrize(
    ("value", "target"), [(0, "no"), (1, "yes"), ("yes", "yes"), (-1, None)]
)
def test_a_label_is_read_by_number_or_name(value: JsonValue, target: JsonValue) -> None:
    problem = Classification(inputs=("text",), labels=("no", "yes"))
    assert problem.read_target({"text": "t", "label": value}) == target


@pytest.mark.parametrize("value", [2, "maybe", 0.5, [1]])
def test_an_unknown_label_says_what_is_expected(value: JsonValue) -> None:
    problem = Classification(inputs=("text",), labels=("no", "yes"))
    with pytest.raises(ValueError, match=r"expected one of 0 \(no\), 1 \(yes\)"):
        problem.read_target({"text": "t", "label": value})


def test_a_number_out_of_range_says_the_range() -> None:
    problem = Regression(inputs=("text",), low=0, high=5)
    with pytest.raises(ValueError, match=r"label 5\.5, expected a number from 0 to 5"):
        problem.read_target({"text": "t", "label": 5.5})


def test_a_classification_of_three_texts_is_refused() -> None:
    with pytest.raises(PluginError, match="one or two input columns"):
        Classification(inputs=("a", "b", "c"), labels=("x", "y"))


def test_labels_stand_once() -> None:
    with pytest.raises(PluginError, match="two or more different labels"):
        Classification(inputs=("a",), labels=("x", "x"))


def _task(task_id: str) -> Task:
    return Task(
        id=task_id,
        title="",
        summary="",
        data=Data(hub=None, folder="x"),
        problem=Classification(inputs=("text",), labels=("no", "yes")),
        metrics=("accuracy",),
    )


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "learn"),
        ("evaluate", "dev"),
        ("submit", "dev"),
        ("extra", "extra"),
    ],
)
def test_a_role_stands_for_its_split(name: str, split: str) -> None:
    data = Data(hub=None, folder="x", train="learn", evaluate="dev", submit=None)
    assert data.split(name) == split
