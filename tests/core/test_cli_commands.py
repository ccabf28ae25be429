"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

import pytest

from harness import __version__
from harness.cli import main

ROWS = """\
tasks:
  - id: my/reviews
    title: Reviews
    summary: is the review positive?
    data: {folder: my/reviews, id_column: null}
    classification: {inputs: [text], labels: [no, yes]}
    metrics: [accuracy]
    prompts:
      plain: {text: "{text}\\nPositive?", answers: {no: bad, yes: good}}
      short: {text: "{text}", answers: {no: bad, yes: good}}
  - id: my/stars
    title: Stars
    summary: how many stars?
    data: {folder: my/reviews, id_column: null, train: null}
    regression: {inputs: [text], low: 0, high: 1}
    metrics: [pearson]
"""

MANY = """
from dataclasses import replace
from harness import Benchmark, Classification, Data, Task, hookimpl

FIRST = Task(
    id="many/0", title="Many", summary="none", metrics=("accuracy",),
    data=Data(hub=None, folder="many"),
    problem=Classification(inputs=("text",), labels=("no", "yes")),
)
TASKS = [replace(FIRST, id=f"many/{number}") for number in range(7)]

@hookimpl
def harness_tasks():
    return TASKS

@hookimpl
def harness_benchmarks():
    ids = tuple(task.id for task in TASKS)
    return [Benchmark(id="many", title="Many", tasks=ids, groups=())]
"""


class Outcome(NamedTuple):
    code: int
    out: str
    error: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line with the core's own plugin alone."""
    others = set(entry_points(group="harness").names) - {"builtin"}
    monkeypatch.setenv("HARNESS_DISABLE_PLUGINS", ",".join(others))

    def run(*words: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["harness", *words])
        with pytest.raises(SystemExit) as exit_:
            main()
        code = exit_.value.code
        captured = capsys.readouterr()
        return Outcome(int(code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def rows(tmp_path: Path) -> str:
    folder = tmp_path / "my" / "reviews"
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text("text,label\nfine film,1\nbad film,0\n")
    (folder / "validation.csv").write_text("text,label\nlovely,1\ndull,0\nso so,1\n")
    path = tmp_path / "rows.yaml"
    path.write_text(ROWS)
    return str(path)


def test_help_shows_examples(run: Run) -> None:
    outcome = run("--help")
    assert outcome.code == 0
    assert "harness show glue/sst2" in outcome.out


def test_version_is_printed(run: Run) -> None:
    assert run("--version") == Outcome(0, f"harness {__version__}\n", "")


def test_an_unknown_command_is_answered_with_the_nearest(run: Run) -> None:
    outcome = run("lost")
    assert outcome.code == 2
    assert "Did you mean 'list'" in outcome.error


def test_an_unknown_option_exits_with_2(run: Run) -> None:
    assert run("list", "tasks", "--jsno").code == 2


def test_a_mistake_is_one_line_on_stderr(run: Run) -> None:
    message = (
        "error: unknown list 'task': did you mean tasks or trackers or data? "
        "'harness list --help' shows all\n"
    )
    assert run("list", "task") == Outcome(2, "", message)


def test_a_mistake_in_a_plugin_is_one_line_on_stderr(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise ValueError('two\\nlines')")
    outcome = run("list", "tasks", "--plugin", str(broken))
    assert outcome.code == 2
    assert outcome.error.count("\n") == 1
    assert "ValueError: two lines" in outcome.error


def test_a_fault_of_our_own_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr("harness.plugins.load_plugins", fail)
    monkeypatch.setattr(sys, "argv", ["harness", "list", "tasks"])
    with pytest.raises(KeyError, match="ours"):
        main()


def test_control_c_exits_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.plugins.load_plugins", interrupt)
    assert run("list", "tasks").code == 130


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("plugins", "builtin"),
        ("tasks", "my/reviews"),
        ("metrics", "accuracy"),
        ("executors", "in-process"),
        ("data", "sample"),
    ],
)
def test_a_list_shows_what_is_registered(
    run: Run, rows: str, kind: str, expected: str
) -> None:
    names = [line.split()[0] for line in run("list", kind, "-p", rows).out.splitlines()]
    assert expected in names


@pytest.mark.parametrize("kind", ["models", "benchmarks", "recipes", "formats"])
def test_an_empty_list_says_so(run: Run, kind: str) -> None:
    assert run("list", kind) == Outcome(0, "", f"there are no {kind}\n")


def test_a_list_is_plain_columns_where_there_is_no_terminal(
    run: Run, rows: str
) -> None:
    lines = run("list", "plugins", "--plugin", rows).out.splitlines()
    assert lines[0].split() == ["name", "distribution", "version", "hooks", "origin"]
    assert lines[2].split() == ["rows", "tasks", rows]
    assert lines[0].index("hooks") == lines[2].index("tasks")


def test_a_list_is_a_table_on_a_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    lines = run("list", "metrics").out.splitlines()
    assert lines[0].split() == ["metric", "summary", "options", "plugin"]
    assert {len(line) for line in lines} == {len(lines[0])}


def test_a_list_that_is_much_too_wide_is_a_block_for_each_row(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run("list", "metrics", "squad").out.startswith(
        "squad_f1\n"
        "  summary  SQuAD 1.1: mean F1 of the\n"
        "           words shared with the best\n"
        "           reference\n"
        "  plugin   builtin\n"
        "squad_exact_match\n"
    )


def test_a_list_of_tasks_is_a_line_a_task(run: Run, rows: str) -> None:
    assert run("list", "tasks", "--plugin", rows).out == (
        "my: 2 tasks, plugin rows\n"
        "  my/reviews  accuracy  is the review positive?\n"
        "  my/stars    pearson   how many stars?\n"
    )


def test_one_line_of_a_list_is_shown_with_all_its_fields(run: Run, rows: str) -> None:
    assert run("list", "tasks", "reviews", "--plugin", rows).out == (
        "my/reviews\n"
        "  title     Reviews\n"
        "  summary   is the review positive?\n"
        "  problem   classification\n"
        "  metrics   accuracy\n"
        "  headline  accuracy\n"
        "  prompts   plain short\n"
        "  version   1\n"
        "  plugin    rows\n"
    )


def test_a_list_can_be_filtered(run: Run, rows: str) -> None:
    outcome = run("list", "tasks", "STARS", "--plugin", rows)
    assert outcome.out.startswith("my/stars\n")


def test_a_name_filters_for_what_lies_below_it(run: Run, tmp_path: Path) -> None:
    other = ROWS.replace("my/reviews", "you/reviews").replace("Stars", "Not my/stars")
    (tmp_path / "rows.yaml").write_text(other)
    words = ("list", "tasks", "my", "--json", "-p", str(tmp_path / "rows.yaml"))
    assert [line["task"] for line in json.loads(run(*words).out)] == ["my/stars"]


def test_a_list_shows_the_first_of_many_tasks_of_a_benchmark(
    run: Run, tmp_path: Path
) -> None:
    plugin = tmp_path / "many.py"
    plugin.write_text(MANY)
    assert (
        "many/0 many/1 many/2 and 4 more"
        in run(*("list", "benchmarks", "-p", str(plugin))).out
    )


def test_a_filter_that_finds_nothing_says_so(run: Run) -> None:
    outcome = run("list", "data", "moon")
    assert outcome == Outcome(0, "", "there are no data with 'moon'\n")


def test_a_list_can_be_json(run: Run, rows: str) -> None:
    (line,) = json.loads(run("list", "tasks", "stars", "--json", "-p", rows).out)
    assert line["metrics"] == ["pearson"]


def test_show_prints_what_each_formulation_asks(run: Run, rows: str) -> None:
    data = str(Path(rows).parent)
    shown = run("show", "my/reviews", "-p", rows, "--data", data, "--count", "1").out
    assert "my/reviews (version 1): Reviews, is the review positive?\n" in shown
    assert "split validation: 3 labelled examples, sha256 " in shown
    assert shown.partition("\n\n")[2] == (
        "example 1: target 'yes'\n"
        "  head asks Classify\n"
        "    text: 'lovely'\n"
        "    labels: 'no', 'yes'\n"
        "  rank with plain asks Score\n"
        "    context:\n"
        "      | lovely\n"
        "      | Positive?\n"
        "    choices: ' bad', ' good'\n"
        "    expected: ' good'\n"
        "  rank with short asks Score\n"
        "    context: 'lovely'\n"
        "    choices: ' bad', ' good'\n"
        "    expected: ' good'\n"
        "  generate with plain asks Generate\n"
        "    prompt:\n"
        "      | lovely\n"
        "      | Positive?\n"
        "    stop: '\\n'\n"
        "    max_tokens: 16\n"
        "    expected: ' good'\n"
        "  generate with short asks Generate\n"
        "    prompt: 'lovely'\n"
        "    stop: '\\n'\n"
        "    max_tokens: 16\n"
        "    expected: ' good'\n"
    )


def test_show_can_choose_a_formulation_a_prompt_and_exemplars(
    run: Run, rows: str
) -> None:
    words = "show my/reviews --formulation rank --prompt short --shots 2 --count 1"
    shown = run(*words.split(), "-p", rows, "--data", str(Path(rows).parent)).out
    assert shown.count(" asks ") == 1
    assert "| fine film good\n" in shown
    assert "| bad film bad\n" in shown


def test_show_says_where_nothing_words_exemplars(run: Run, rows: str) -> None:
    words = "show my/reviews --formulation head --shots 2 --count 1"
    shown = run(*words.split(), "-p", rows, "--data", str(Path(rows).parent)).out
    assert "no exemplars are shown: nothing here words them with a prompt\n" in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "my/review",
            "unknown task 'my/review': did you mean my/reviews? "
            "'harness list tasks' shows all",
        ),
        (
            "my/reviews --formulation rnk",
            "unknown formulation 'rnk': did you mean rank? "
            "'harness show my/reviews' shows all",
        ),
        (
            "my/reviews --prompt long",
            "unknown prompt 'long': 'harness show my/reviews' shows all",
        ),
        (
            "my/stars --shots 1",
            "task 'my/stars' has no training split to draw exemplars from: leave "
            "--shots out",
        ),
    ],
)
def test_show_answers_a_wrong_name_with_the_nearest(
    run: Run, rows: str, words: str, message: str
) -> None:
    data = str(Path(rows).parent)
    outcome = run("show", *words.split(), "-p", rows, "--data", data)
    assert outcome == Outcome(2, "", f"error: {message}\n")
