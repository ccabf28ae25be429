"""A suite that lists a task several times: every cell stands, told apart by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import UsageError
from harness.plan.planner import make_plan
from harness.plugins import Plugins, load_plugins
from harness.suite import Suite, make_suite
from tests.core.conftest import TOY

WORDED = """\
from harness import Prompt, hookimpl
from tests.core.toy_plugin import COLOURS, colour_task

@hookimpl
def harness_tasks():
    answers = {c: c for c in COLOURS}
    texts = {"plain": "{text}\\nColour:", "curt": "{text}\\nWhich:"}
    prompts = {name: Prompt(text=t, answers=answers) for name, t in texts.items()}
    return [colour_task("worded", prompts=prompts)]
"""
BOTH = """\
models: ["reader:"]
tasks:
  - {id: toy/worded, prompt: plain}
  - {id: toy/worded, prompt: curt}
data: sample
"""
Command = Callable[..., Any]


def suite_of(*tasks: object, model: str = "reader:", **settings: Any) -> Suite:
    values = {"models": [model], "tasks": list(tasks), "data": "sample"}
    return make_suite(values | settings)


def worded(**settings: Any) -> dict[str, Any]:
    return {"id": "toy/worded", **settings}


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    own = tmp_path / "worded.py"
    own.write_text(WORDED)
    return load_plugins(["harness.builtin", str(TOY), str(own)], entry_points=False)


@pytest.fixture
def command(
    run_command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    """Run a command in a folder with a suite that lists a task twice."""
    monkeypatch.chdir(tmp_path)
    Path("worded.py").write_text(WORDED)
    Path("suite.yaml").write_text(BOTH)
    own = ("--plugin", str(TOY), "--plugin", "worded.py")
    return lambda *words: run_command(*words, *own)


def test_a_task_listed_twice_is_planned_with_each_prompt(plugins: Plugins) -> None:
    suite = suite_of(worded(prompt="plain"), worded(prompt="curt"))
    cells = make_plan(suite, plugins).cells
    asked = [cell.formulation.prompt for cell in cells if cell.formulation]
    assert asked == ["plain", "curt"]
    assert cells[1].title == "reader: · toy/worded · zero-shot · curt · seed 1"


def test_a_prefix_listed_twice_counts_for_each_task_below_it() -> None:
    tasks = [{"id": "toy", "prompt": name} for name in ("plain", "curt")]
    chosen = suite_of(*tasks, worded(limit=5)).choices("toy/worded")
    assert [(one.prompt, one.limit) for one in chosen] == [("plain", 5), ("curt", 5)]


def test_what_is_the_same_in_the_end_is_there_once() -> None:
    tasks = [{"id": "toy", "limit": 3}, {"id": "toy", "limit": 4}, worded(limit=5)]
    assert len(suite_of(*tasks, worded(limit=5)).choices("toy/worded")) == 1


def test_two_shares_that_may_be_cut_of_one_cell_are_refused() -> None:
    suite = suite_of(worded(max_truncated=0), worded(max_truncated=0.5))
    told = (
        "the task toy/worded is listed twice, with max_truncated=0 and 0.5 and no other "
        "difference, expected one cell of a kind: leave one of them out"
    )
    with pytest.raises(UsageError, match=told):
        suite.choices("toy/worded")


def test_a_training_reads_the_data_of_its_own_evaluation() -> None:
    suite = suite_of(worded(data="one"), worded(data="two"))
    assert suite.data_for("toy/worded", "two") == "two"
    assert suite.data_for("toy/worded", "three") == "one"


def test_splits_limits_and_formulations_are_told_apart(plugins: Plugins) -> None:
    tasks = [worded(split="train"), worded(limit=5), worded()]
    titles = [cell.title for cell in make_plan(suite_of(*tasks), plugins).cells]
    end = "zero-shot · plain"
    assert titles == [
        f"reader: · toy/worded · train · {end} · seed 1",
        f"reader: · toy/worded · {end} · limit 5 · seed 1",
        f"reader: · toy/worded · {end} · seed 1",
    ]


def test_one_wording_that_can_not_be_asked_stands_beside_the_other(
    plugins: Plugins,
) -> None:
    tasks = [worded(formulation="generate"), worded(formulation="rank")]
    made = make_plan(suite_of(*tasks), plugins)
    assert [cell.formulation.name for cell in made.cells if cell.formulation] == [
        "rank"
    ]
    titles = [each.title for each in made.unaskable]
    assert titles == ["reader: · toy/worded · zero-shot · generate"]


def test_the_plan_lists_both(command: Command) -> None:
    told = command("plan", "suite.yaml").out
    assert "rank plain" in told
    assert "rank curt" in told


def test_the_plan_lists_the_split_where_a_task_has_several(command: Command) -> None:
    Path("suite.yaml").write_text(BOTH.replace("prompt: curt", "split: train"))
    told = command("plan", "suite.yaml").out
    assert "toy/worded · train · sample" in told
    assert "toy/worded · validation · sample" in told


def test_the_table_of_a_run_has_both_prompts(command: Command) -> None:
    assert command("run", "suite.yaml", "--out", "all.csv").code == 0
    lines = Path("all.csv").read_text().splitlines()
    place = lines[0].split(",").index("prompt")
    assert {line.split(",")[place] for line in lines[1:]} == {"plain", "curt"}


def test_the_page_of_a_run_has_a_row_for_each_prompt(command: Command) -> None:
    command("run", "suite.yaml", "--out", "page.md")
    page = Path("page.md").read_text()
    assert "reader (zero-shot · rank · plain)" in page
    assert "reader (zero-shot · rank · curt)" in page


def test_the_page_shows_the_wording_that_could_not_be_asked(command: Command) -> None:
    Path("suite.yaml").write_text(BOTH.replace("prompt: curt", "formulation: generate"))
    command("run", "suite.yaml", "--out", "page.md")
    assert "reader · generate blocked" in Path("page.md").read_text()


def test_an_option_over_the_file_makes_both_the_same(command: Command) -> None:
    told = command("plan", "suite.yaml", "--prompt", "plain").out
    assert "1 evaluations, 1 to do" in told
