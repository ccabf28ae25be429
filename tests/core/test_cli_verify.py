"""`harness verify`: what it prints, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.core.test_golden import CASE

PLUGIN = """\
from pathlib import Path

from harness import Example, OfficialScorer, Prediction, hookimpl
from harness.metrics.entries import METRICS
from harness.stats import score

(ACCURACY,) = [entry for entry in METRICS if entry.name == "accuracy"]


def accuracy(inputs):
    metric = ACCURACY.make(("0", "1"), {})
    predictions = [
        Prediction(id=str(n), value=str(v)) for n, v in enumerate(inputs["predictions"])
    ]
    examples = [
        Example(id=str(n), columns={}, target=str(v))
        for n, v in enumerate(inputs["references"])
    ]
    return {"accuracy": score(metric, metric.statistics(predictions, examples))}


@hookimpl
def harness_official_scorers():
    return [
        OfficialScorer(
            suite="toy",
            metric="accuracy",
            score=accuracy,
            cases=Path(__file__).parent / "golden",
            not_offered={"by_class": "only the whole is scored"},
            known_differences={"rough": 0.02},
        )
    ]
"""

Run = Callable[..., Any]


@pytest.fixture
def plugin(tmp_path: Path) -> str:
    (tmp_path / "golden").mkdir()
    path = tmp_path / "scorers.py"
    path.write_text(PLUGIN)
    return str(path)


def write(tmp_path: Path, **changes: Any) -> str:
    body = {**CASE, **changes}
    path = tmp_path / "golden" / f"{body['metric']}-{body['case']}.json"
    path.write_text(json.dumps(body))
    return str(path.parent)


def test_equal_cases_are_counted(run_command: Run, plugin: str, tmp_path: Path) -> None:
    folder = write(tmp_path)
    outcome = run_command("verify", "--golden", folder, "-p", plugin)
    assert outcome.code == 0
    assert outcome.out == (
        "suite  metric    cases  equal  unequal  known  not offered\n"
        "toy    accuracy  1      1      0        0      0\n"
        "\n"
        "1 cases: 1 equal; 1 keys: 1 equal\n"
    )


def test_an_unequal_key_is_shown_and_is_a_failure(
    run_command: Run, plugin: str, tmp_path: Path
) -> None:
    folder = write(tmp_path, expected={"accuracy": 0.75})
    outcome = run_command("verify", "--golden", folder, "-p", plugin)
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1].split() == [
        *("toy/accuracy-half", "accuracy", "0.5", "0.75", "0.25", "1e-09")
    ]


def test_a_case_without_a_scorer_is_a_failure(
    run_command: Run, plugin: str, tmp_path: Path
) -> None:
    folder = write(tmp_path, metric="recall")
    outcome = run_command("verify", "--golden", folder, "-p", plugin)
    assert outcome.code == 1
    assert "no plugin registers the official scorer toy/recall" in outcome.out


def test_a_case_that_fails_as_a_whole_has_one_line(
    run_command: Run, plugin: str, tmp_path: Path
) -> None:
    inputs = {"predictions": [2], "references": [7]}
    folder = write(tmp_path, inputs=inputs, expected={"accuracy": 0.5, "n": 1})
    outcome = run_command("verify", "--golden", folder, "-p", plugin)
    assert outcome.code == 1
    assert "toy/accuracy-half  all 2 keys  error: " in outcome.out


def test_a_gap_is_listed_with_its_reason(
    run_command: Run, plugin: str, tmp_path: Path
) -> None:
    folder = write(tmp_path, expected={"accuracy": 0.5, "by_class": {"a": 1.0}})
    outcome = run_command("verify", "--golden", folder, "-p", plugin)
    assert outcome.code == 0
    assert outcome.out.endswith(
        "not offered:\n  toy/accuracy: by_class.a: only the whole is scored\n"
    )


def test_without_a_folder_the_plugins_own_cases_are_read(
    run_command: Run, plugin: str, tmp_path: Path
) -> None:
    write(tmp_path)
    outcome = run_command("verify", "--suite", "toy", "-p", plugin)
    assert outcome.out.endswith("1 cases: 1 equal; 1 keys: 1 equal\n")


def test_a_suite_without_cases_is_a_mistake(
    run_command: Run, plugin: str, tmp_path: Path
) -> None:
    folder = write(tmp_path)
    outcome = run_command("verify", "--golden", folder, "--suite", "squat")
    assert outcome.code == 2
    assert "there is no golden case of the suite 'squat'" in outcome.error


def test_json_holds_every_key(run_command: Run, plugin: str, tmp_path: Path) -> None:
    folder = write(tmp_path, expected={"accuracy": "NaN"})
    outcome = run_command("verify", "--golden", folder, "--json", "-p", plugin)
    (case,) = json.loads(outcome.out)
    (key,) = case["keys"]
    assert (case["status"], key["value"], key["difference"]) == ("unequal", "0.5", None)


def test_numbers_are_as_long_as_their_difference_needs(
    run_command: Run, plugin: str, tmp_path: Path
) -> None:
    folder = write(tmp_path, expected={"accuracy": 0.5012345678901})
    line = run_command("verify", "--golden", folder, "-p", plugin).out.splitlines()[-1]
    assert line.split()[2:5] == ["0.5", "0.50123", "0.00123"]
