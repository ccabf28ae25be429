"""The plan: what can be checked is checked before any weights load."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import Classification, DataError, Row, UsageError
from harness.plan import Plan
from harness.plan.planner import make_plan
from harness.plugins import Plugins
from harness.suite import make_suite
from tests.core.toy_plugin import sample


def plan(toy: Plugins, *models: str, **settings: Any) -> Plan:
    values = {"tasks": ["toy/colours"], "data": "sample"} | settings
    return make_plan(make_suite({"models": list(models), **values}), toy)


LEARN = {"regimes": ["finetune:learn"]}


def test_a_prefix_plans_every_task_below_it(toy: Plugins) -> None:
    made = plan(toy, "reader:", tasks=["toy"])
    tasks = {cell.task.id for cell in made.cells}
    assert tasks == {"toy/colours", "toy/shades", "toy/hues"}


def test_tasks_that_share_training_share_the_train_cell(toy: Plugins) -> None:
    tasks = ["toy/colours", "toy/shades"]
    made = plan(toy, "memory:blank", tasks=tasks, **LEARN)
    assert [len(job.evaluates) for job in made.jobs] == [2]
    assert [cell.task.id for cell in made.trains] == ["toy/colours"]


def test_a_model_without_a_head_is_not_askable_and_the_reason_says_how(
    toy: Plugins,
) -> None:
    with pytest.raises(UsageError, match=r"nothing to run: .* --regime finetune:full"):
        plan(toy, "memory:blank")


def test_what_cannot_be_asked_stands_beside_what_can(toy: Plugins) -> None:
    made = plan(toy, "reader:", "memory:blank")
    assert [str(cell.model) for cell in made.cells] == ["reader:"]
    assert [str(unaskable.model) for unaskable in made.unaskable] == ["memory:blank"]


def test_a_task_without_a_training_split_cannot_be_trained_on(toy: Plugins) -> None:
    with pytest.raises(UsageError, match="toy/hues has no training split"):
        plan(toy, "memory:blank", tasks=["toy/hues"], **LEARN)


def test_seeds_multiply_training_and_not_zero_shot(toy: Plugins) -> None:
    regimes = ["zero-shot", "finetune:learn"]
    made = plan(toy, "reader:", "memory:blank", seeds=[1, 2, 3], regimes=regimes)
    asked = [(str(cell.model), cell.seed) for cell in made.cells]
    assert asked == [("reader:", 1), *(("memory:blank", seed) for seed in (1, 2, 3))]


def test_exemplars_never_come_from_the_evaluated_split(toy: Plugins) -> None:
    with pytest.raises(UsageError, match=r"exemplars from the split 'train' itself"):
        plan(toy, "reader:", split="train", regimes=["few-shot:2"])


def test_more_exemplars_than_there_are_cannot_be_asked(toy: Plugins) -> None:
    made = plan(toy, "reader:", regimes=["zero-shot", "few-shot:25"])
    assert "few-shot:25 needs 25 exemplars and" in made.unaskable[0].reason


def test_exemplars_with_other_columns_cannot_be_asked(toy: Plugins) -> None:
    colours = toy.tasks["toy/colours"]
    prompts = {name: replace(p, text="{word}") for name, p in colours.prompts.items()}
    problem = Classification(inputs=("word",), labels=colours.problem.labels)
    data = replace(colours.data, train=None, sample=_renamed)
    other = replace(
        colours,
        id="toy/words",
        problem=problem,
        prompts=prompts,
        data=data,
        trained_on="toy/colours",
    )
    with_other = replace(toy, tasks={**toy.tasks, other.id: other})
    regimes = ["zero-shot", "few-shot:2"]
    made = plan(with_other, "reader:", tasks=[other.id], regimes=regimes)
    assert len(made.cells) == 1
    assert "its exemplars come from toy/colours, which" in made.unaskable[0].reason


def _renamed(split: str, seed: int) -> list[Row]:
    rows = sample(split, seed)
    return [{"idx": r["idx"], "word": r["text"], "label": r["label"]} for r in rows]


def test_a_training_split_without_labels_is_refused(
    toy: Plugins, tmp_path: Path
) -> None:
    folder = tmp_path / "toy" / "colours"
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text("idx,text,label\n1,a,-1\n")
    (folder / "validation.csv").write_text("idx,text,label\n1,a,0\n")
    with pytest.raises(DataError, match="no labels, so nothing can be learnt from it"):
        plan(toy, "reader:", data=str(tmp_path), regimes=["few-shot:1"])


def test_a_metric_that_does_not_exist_is_found_before_anything_runs(
    toy: Plugins,
) -> None:
    odd = replace(toy.tasks["toy/colours"], metrics=("acuracy",))
    plugins = replace(toy, tasks={"toy/colours": odd})
    with pytest.raises(UsageError, match="unknown metric 'acuracy': did you mean acc"):
        plan(plugins, "reader:")


def test_what_a_suite_names_twice_is_done_once(toy: Plugins) -> None:
    twice = {"regimes": ["zero-shot"] * 2, "seeds": [1, 1]}
    made = plan(toy, "reader:", "reader:", "memory:blank", "memory:blank", **twice)
    assert (len(made.cells), len(made.unaskable)) == (1, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tasks": ["toy/colour"]}, "unknown task 'toy/colour': did you mean toy/colo"),
        ({"regimes": ["finetune:lern"]}, "unknown recipe 'lern': did you mean learn"),
        ({"regimes": ["finetune:learn,fail=1"]}, "unknown setting .* did you mean fa"),
        ({"regimes": ["finetune:learn,fails=x"]}, "setting fails='x' of recipe learn"),
        ({"data": "smple"}, "unknown data source 'smple': did you mean sample"),
        ({"prompt": "plane"}, "unknown prompt 'plane': did you mean plain"),
        ({"formulation": "cloze"}, "can't be asked as 'cloze', only generate plain"),
        ({"device": "gpu"}, "unknown device 'gpu': expected cpu, cuda, cuda:1 or auto"),
        ({"device": "cuda:x"}, "unknown device 'cuda:x'"),
        ({"device": "cuda:99"}, "device 'cuda:99' is not there, this machine has"),
        ({"split": "test"}, "has no labels, so toy/colours can't be scored"),
    ],
)
def test_a_wrong_name_is_one_clear_error(
    toy: Plugins, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises((UsageError, DataError), match=message):
        plan(toy, "reader:", **settings)


def test_what_is_named_twice_is_planned_once(toy: Plugins) -> None:
    again = {"tasks": ["toy/shades", "toy"], "seeds": [1, 1]}
    regimes = ["finetune:learn,select=last,fails=no"] * 2
    made = plan(toy, "memory:blank", "memory:blank", **again, regimes=regimes)
    marks = [cell.fingerprint for cell in made.cells]
    assert len(marks) == len(set(marks)) == 2


def test_the_order_of_settings_does_not_change_the_fingerprint(toy: Plugins) -> None:
    spellings = "select=last,fails=no", "fails=no,select=last"
    regimes = [f"finetune:learn,{spelling}" for spelling in spellings]
    assert len(plan(toy, "memory:blank", regimes=regimes).cells) == 1


def test_a_limit_that_leaves_nothing_out_is_no_limit(toy: Plugins) -> None:
    cells = [plan(toy, "reader:", limit=n).cells[0] for n in (None, 20, 99)]
    assert {cell.limit for cell in cells} == {None}
    assert len({cell.fingerprint for cell in cells}) == 1


def test_an_unknown_model_lists_the_nearest(toy: Plugins) -> None:
    with pytest.raises(UsageError, match="'raeder': did you mean reader"):
        plan(toy, "raeder:")


def test_an_unknown_model_option_lists_what_there_is(toy: Plugins) -> None:
    with pytest.raises(UsageError, match="'mod', expected one of mood"):
        plan(toy, "reader:,mod=1")


def test_a_model_without_an_adapter_says_how_to_write_one(toy: Plugins) -> None:
    with pytest.raises(UsageError, match="names no adapter: write adapter:checkpoint"):
        plan(toy, "reader")


def test_missing_data_stops_the_plan_and_names_the_way_on(
    toy: Plugins, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"toy/colours.*--skip-unavailable"):
        plan(toy, "reader:", tasks=["toy"], data=str(tmp_path))


def test_wrong_data_is_not_skipped(toy: Plugins, tmp_path: Path) -> None:
    folder = tmp_path / "toy" / "shades"
    folder.mkdir(parents=True)
    (folder / "validation.csv").write_text("idx,text,label\n1,a,9\n")
    tasks = [{"id": "toy/colours", "data": "sample"}, "toy/shades"]
    with pytest.raises(DataError, match=r"validation\.csv.*row 1"):
        plan(toy, "reader:", tasks=tasks, data=str(tmp_path), skip_unavailable=True)


def test_missing_data_may_be_skipped_and_is_shown(toy: Plugins, tmp_path: Path) -> None:
    tasks = [{"id": "toy/colours", "data": "sample"}, "toy/shades"]
    made = plan(toy, "reader:", tasks=tasks, data=str(tmp_path), skip_unavailable=True)
    assert [cell.task.id for cell in made.cells] == ["toy/colours"]
    assert "shades" in made.unaskable[0].reason


def test_one_model_under_two_names_is_refused(toy: Plugins, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "memory.json").write_text("{}")
    with pytest.raises(UsageError, match=r"a' and '.*b' have the same weights"):
        plan(toy, f"memory:{tmp_path / 'a'}", f"memory:{tmp_path / 'b'}")


def test_cells_that_draw_exemplars_otherwise_have_other_titles(toy: Plugins) -> None:
    made = plan(toy, "reader:", regimes=["few-shot:2", "few-shot:2,draw=each"])
    assert [cell.title.split(" · ")[2] for cell in made.cells] == [
        "few-shot:2",
        "few-shot:2,draw=each",
    ]
