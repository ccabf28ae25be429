"""The lint names what would spoil a score, and passes what is sound."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness import Classification, Data, Prompt, Regression, Task
from harness.lint import Check, check_one
from harness.plan.split_reader import SplitReader
from harness.plugins import Plugins, load_plugins
from harness.task import Row

LABELS = ("no", "yes")
PLAIN = Prompt(text="{text}?", answers={"no": "bad", "yes": "good"})


def sample(split: str, seed: int) -> Sequence[Row]:
    return [{"idx": n, "text": f"{split} {n}", "label": n % 2} for n in range(20)]


TASK = Task(
    id="my/reviews",
    title="Reviews",
    summary="is it good?",
    data=Data(hub=None, folder="reviews", sample=sample),
    problem=Classification(inputs=("text",), labels=LABELS),
    metrics=("accuracy",),
    prompts={"plain": PLAIN},
)


@cache
def core() -> Plugins:
    return load_plugins(["harness.builtin"], entry_points=False)


def check(task: Task, data: str = "sample") -> list[Check]:
    plugins = replace(core(), tasks={task.id: task})
    return check_one(task, plugins, SplitReader(plugins.data_sources), data)


def found(task: Task, data: str = "sample") -> dict[str, str]:
    """Return what is no plain ok, by the check's name."""
    return {
        each.name: f"{each.status}: {each.text}"
        for each in check(task, data)
        if each.status != "ok"
    }


def sampled(rows: Callable[[str], Sequence[Row]], **changes: Any) -> Task:
    data = replace(TASK.data, sample=lambda split, seed: rows(split))
    return replace(TASK, data=data, **changes)


def test_a_sound_task_passes() -> None:
    assert found(TASK) == {}
    assert {each.name for each in check(TASK)} == {
        "data",
        "empty inputs",
        "duplicates",
        "leakage",
        "targets",
        "gold, head",
        "wording, head",
        "gold, rank with plain",
        "wording, rank with plain",
        "gold, generate with plain",
        "wording, generate with plain",
        "distinct prompts",
        "distinct prompts, head",
        "distinct prompts, rank plain",
        "distinct prompts, generate plain",
        "label balance",
        "oracle, accuracy",
        "majority",
    }


def test_what_the_simplest_baseline_scores_is_told() -> None:
    (majority,) = [each for each in check(TASK) if each.name == "majority"]
    assert majority.text == "accuracy 50"


def test_an_example_of_the_training_split_is_leaked() -> None:
    task = sampled(lambda split: sample("one", 1))
    assert found(task) == {
        "leakage": "FAIL: example '0' stands in the split train too, and 19 more "
        "(20 of 20)"
    }


def test_an_empty_input_fails_a_sample() -> None:
    rows: list[Row] = [*sample("x", 1), {"idx": 20, "text": " ", "label": 0}]
    task = sampled(lambda s: rows if s == "validation" else sample(s, 1))
    assert found(task)["empty inputs"] == "FAIL: example '20' has an empty input"


def test_a_duplicate_fails_a_sample() -> None:
    rows: list[Row] = [*sample("x", 1), {"idx": 20, "text": "x 0", "label": 0}]
    task = sampled(lambda s: rows if s == "validation" else sample(s, 1))
    assert found(task) == {"duplicates": "FAIL: 2 of 21 examples stand more than once"}


def test_an_unbalanced_sample_fails() -> None:
    rows = [{**row, "label": int(n < 5)} for n, row in enumerate(sample("x", 1))]
    task = sampled(lambda s: rows if s == "validation" else sample(s, 1))
    assert found(task) == {
        "label balance": "FAIL: no has 75% of the sample, expected 45% to 60%"
    }


def test_a_prompt_that_leaves_an_input_out_fails() -> None:
    task = replace(TASK, prompts={"mute": replace(PLAIN, text="Is it good?")})
    message = "FAIL: 20 different inputs are asked in 1 ways"
    assert found(task) == {
        "distinct prompts, rank mute": message,
        "distinct prompts, generate mute": message,
    }


def test_a_placeholder_that_is_left_in_fails() -> None:
    prompt = replace(PLAIN, text=lambda row: f"{row['text']} {{answer}}")
    names = found(replace(TASK, prompts={"loose": prompt}))
    assert "example 0 is asked with the placeholder {answer}" in names.pop(
        "wording, rank with loose"
    )
    assert list(names) == ["wording, generate with loose"]


def test_an_answer_that_is_not_reached_fails() -> None:
    prompt = replace(PLAIN, parse=lambda text, row: "no")
    names = found(replace(TASK, prompts={"deaf": prompt}))
    assert list(names) == ["gold, generate with deaf"]


def test_a_column_that_is_not_there_fails() -> None:
    names = found(replace(TASK, prompts={"lost": replace(PLAIN, text="{review}")}))
    message = names["distinct prompts, rank lost"]
    assert "has the field {review}, expected one of the columns idx, label" in message


def constant() -> Task:
    """Return a task whose targets are all one, so that nothing correlates."""
    return sampled(
        lambda split: [
            {"idx": n, "text": f"{split} {n}", "label": 1} for n in range(2)
        ],
        problem=Regression(inputs=("text",), low=0, high=1),
        prompts={},
        metrics=("pearson",),
    )


def test_a_perfect_prediction_that_is_not_the_best_fails() -> None:
    assert found(constant())["oracle, pearson"] == (
        "FAIL: perfect predictions score nan, and 100 is the best"
    )


def test_a_metric_may_say_why_the_best_is_out_of_reach() -> None:
    task, metrics = constant(), core().metrics
    entry = replace(metrics["pearson"], falls_short="nothing correlates")
    plugins = replace(core(), metrics={"pearson": entry}, tasks={task.id: task})
    checks = check_one(task, plugins, SplitReader(plugins.data_sources), "sample")
    (oracle,) = [each for each in checks if each.name == "oracle, pearson"]
    assert (oracle.status, oracle.text.endswith(": nothing correlates")) == (
        "note",
        True,
    )


def test_a_baseline_that_is_perfect_fails() -> None:
    rows = [{**row, "label": 1} for row in sample("x", 1)]
    names = found(sampled(lambda s: rows if s == "validation" else rows[:1]))
    assert names["majority"] == (
        "FAIL: the simplest baseline scores 100, as the perfect one"
    )


def test_real_data_is_told_of_and_does_not_fail(tmp_path: Path) -> None:
    folder = tmp_path / "reviews"
    folder.mkdir()
    text = "idx,text,label\n1,fine,yes\n2,bad,no\n3,bad,no\n"
    (folder / "train.csv").write_text(text)
    (folder / "validation.csv").write_text(f"{text}4,dull,no\n")
    assert found(TASK, str(tmp_path)) == {
        "duplicates": "note: 2 of 4 examples stand more than once",
        "leakage": "note: example '1' stands in the split train too, and 2 more "
        "(3 of 4)",
    }


def test_missing_data_is_a_note_and_a_missing_sample_fails(tmp_path: Path) -> None:
    bare = replace(TASK, data=replace(TASK.data, sample=None))
    assert found(bare, str(tmp_path))["data"].startswith("note: there is no folder")
    assert found(bare)["data"].startswith("FAIL: my/reviews has no built-in sample")


def test_data_without_labels_has_nothing_to_check() -> None:
    rows = [{**row, "label": -1} for row in sample("x", 1)]
    assert found(sampled(lambda split: rows)) == {
        "data": "FAIL: built-in sample, seed 1 has no labels, so there is nothing to "
        "check"
    }


TOY = str(Path(__file__).parent / "toy_plugin.py")


def test_the_command_prints_a_verdict_a_task(run_command: Callable[..., Any]) -> None:
    outcome = run_command("check", "tasks", "toy", "-p", TOY)
    lines = [line.split() for line in outcome.out.splitlines()]
    assert lines[1][:2] == ["toy/colours", "ok"]
    assert outcome.out.endswith("\n3 tasks: 3 ok\n")


def test_a_tasks_verdict_is_printed_before_the_next_task(
    run_command: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed = []

    def look(task: Task, *_: object) -> list[Check]:
        printed.append(capsys.readouterr().out.split()[:2])
        return [Check(name="data")]

    monkeypatch.setattr("harness.lint.check_one", look)
    run_command("check", "tasks", "toy", "-p", TOY)
    assert printed[1:] == [["toy/colours", "ok"], ["toy/shades", "ok"]]


def test_results_go_to_a_file_while_a_terminal_shows_where_it_is(
    run_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    outcome = run_command("check", "tasks", "toy/colours", "-p", TOY)
    assert "1 of 1: toy/colours" in outcome.error
    assert outcome.out.splitlines()[1].split()[:2] == ["toy/colours", "ok"]


def test_a_log_of_a_long_check_says_now_and_then_where_it_is(
    run_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.cli.waiting.QUIET_S", -1.0)
    outcome = run_command("check", "tasks", "toy/colours", "-p", TOY, "--json")
    assert outcome.error == "1 of 1: toy/colours\n"


def test_the_command_fails_where_a_check_does(
    run_command: Callable[..., Any], tmp_path: Path
) -> None:
    plugin = tmp_path / "bad.py"
    plugin.write_text(BAD)
    outcome = run_command("check", "tasks", "bad", "-p", str(plugin), "--json")
    assert outcome.code == 1
    (check,) = json.loads(outcome.out)["bad/one"]
    assert (check["name"], check["status"]) == ("data", "FAIL")


BAD = """\
from harness import Classification, Data, Task, hookimpl


@hookimpl
def harness_tasks():
    problem = Classification(inputs=("text",), labels=("no", "yes"))
    data = Data(hub=None, folder="bad")
    return [
        Task(
            id="bad/one",
            title="One",
            summary="none",
            data=data,
            problem=problem,
            metrics=("accuracy",),
        )
    ]
"""
