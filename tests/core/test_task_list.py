"""The list of tasks fits a terminal, and folds the many variants of one name."""

from __future__ import annotations

from typing import Any

import pytest

from harness.cli.task_list import print_tasks


def line(task: str, *headline: str, plugin: str = "") -> dict[str, Any]:
    return {
        "task": task,
        "summary": f"what {task} asks",
        "headline": headline or ("accuracy",),
        "plugin": plugin or task.partition("/")[0],
    }


PAIRS = [line(f"mt/year/{pair}", "bleu,tokenize=zh") for pair in ("a", "b", "c", "d")]


def test_many_variants_of_a_name_are_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_tasks([line("mt/other"), *PAIRS], is_filtered=False)
    shown = capsys.readouterr()
    assert shown.out == (
        "mt: 5 tasks\n"
        "  mt/other  accuracy  what mt/other asks\n"
        "  mt/year   bleu      4 tasks: a b c d\n"
    )
    assert shown.err == (
        "\n5 tasks; 'harness list tasks mt/year' lists each of such a name\n"
    )


def test_three_variants_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    print_tasks(PAIRS[:3], is_filtered=False)
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1] == "  mt/year/a  bleu  what mt/year/a asks"
    assert shown.err == ""


def test_what_was_asked_for_is_not_folded(capsys: pytest.CaptureFixture[str]) -> None:
    print_tasks(PAIRS, is_filtered=True)
    assert capsys.readouterr().out.splitlines()[4].startswith("  mt/year/d  bleu")


def test_a_narrow_terminal_gets_the_start_of_each_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_tasks([line("a/task"), line("a/b")], is_filtered=False)
    assert capsys.readouterr().out.splitlines() == [
        "a: 2 tasks",
        "  a/task  accuracy  what a/ta…",
        "  a/b     accuracy  what a/b…",
    ]


def test_suites_stand_apart_and_name_a_plugin_of_another_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_tasks([line("a/b"), line("c/d", plugin="e")], is_filtered=False)
    titles = capsys.readouterr().out.splitlines()
    assert titles[0] == "a: 1 task"
    assert titles[2:4] == ["", "c: 1 task, plugin e"]


def test_a_task_of_several_headline_metrics_shows_the_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_tasks([line("a/b", "f1,positive=x", "accuracy")], is_filtered=False)
    assert "a/b  f1, …  what" in capsys.readouterr().out
