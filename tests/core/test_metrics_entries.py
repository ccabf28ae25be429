"""The registered metrics: what they are made from and what they refuse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from harness import PluginError
from harness.metric import MetricEntry, signature
from harness.metrics.entries import METRICS
from harness.task import parse_spec

ENTRIES = {entry.name: entry for entry in METRICS}
PAIR = ("no", "yes")


def _make_error(spec: str, labels: tuple[str, ...]) -> str:
    name, options = parse_spec(spec)
    with pytest.raises(PluginError) as error:
        ENTRIES[name].make(labels, options)
    return str(error.value)


def test_six_metrics_are_registered() -> None:
    names = {"accuracy", "f1", "macro_f1", "matthews", "pearson", "spearman"}
    assert ENTRIES.keys() == names


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_entry_makes_the_metric_of_its_name(entry: MetricEntry) -> None:
    options = {"positive": "yes"} if entry.name == "f1" else {}
    assert entry.make(PAIR, options).name == entry.name


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_entry_names_the_official_script(entry: MetricEntry) -> None:
    assert "nyu-mll/jiant" in entry.source


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("f1", {"positive": "yes"}, "f1|positive:yes|n:408|v:1"),
        ("pearson", {"unparsable": "-1"}, "pearson|unparsable:-1|n:408|v:1"),
        ("accuracy", {}, "accuracy|n:408|v:1"),
    ],
)
def test_signature_holds_the_options(
    name: str, options: Mapping[str, str], text: str
) -> None:
    assert signature(ENTRIES[name].make(PAIR, options), 408) == text


def test_unknown_option_is_refused() -> None:
    assert _make_error("accuracy,positive=yes", PAIR) == (
        "metric accuracy has no option 'positive', expected none: correct the task's "
        "metrics"
    )


@pytest.mark.parametrize("spec", ["f1", "f1,positive=maybe"])
def test_f1_without_one_of_two_labels_is_refused(spec: str) -> None:
    assert _make_error(spec, PAIR).endswith(
        "for the labels no, yes, expected one of exactly two labels: write "
        "f1,positive=LABEL, or macro_f1 for more than two"
    )


@pytest.mark.parametrize("name", ["macro_f1", "matthews"])
def test_label_metric_for_a_task_without_labels_is_refused(name: str) -> None:
    assert _make_error(name, ()) == (
        f"metric {name} scores label names and the task has none: choose another "
        "metric for the task"
    )


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_unparsable_that_is_no_number_is_refused(name: str) -> None:
    assert _make_error(f"{name},unparsable=low", ()) == (
        f"metric {name} has the option unparsable=low, expected a number: correct the "
        "task's metrics"
    )


def test_registering_metrics_loads_no_numpy() -> None:
    check = "import sys, harness.builtin as b; b.harness_metrics(); "
    check += "sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
