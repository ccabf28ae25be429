"""CodeXGLUE run from the command line, and baselines that papers report."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import harness
from harness import Prediction
from harness.data import load_split, open_source
from harness.plugins import load_plugins
from harness_baselines.predictors import Majority
from harness_codexglue.plugin import harness_tasks
from tests.conftest import Outcome
from tests.places import SHARED

TASKS = {task.id.removeprefix("codexglue/"): task for task in harness_tasks()}
Run = Callable[..., Outcome]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "bleu"),
    [
        # Code-Code/code-refinement/README.md, "Naive copy"
        ("code-repair/small", 78.06),
        ("code-repair/medium", 90.91),
        # golden case bleu_acc-code-to-code-trans-naive-copy-java-cs
        ("code-translation/java-cs", 18.72),
    ],
)
def test_majority_is_the_published_naive_copy(task: str, bleu: float) -> None:
    row = TASKS[task]
    if not (SHARED / "data" / row.data.folder / "test.parquet").exists():
        pytest.skip("there is no ../shared/data")
    plugins = load_plugins([])
    source = open_source(str(SHARED / "data"), plugins.data_sources)
    examples = list(load_split(row, source, "test"))
    values = Majority().predict(row, examples, [])
    said = [Prediction(id=e.id, value=v) for e, v in zip(examples, values, strict=True)]
    metric = plugins.metric("code_bleu4", ())
    rows = metric.statistics(said, examples)
    (found,) = metric.aggregate(rows, np.ones((1, len(rows))))
    assert round(100 * float(found), 2) == bleu


def test_a_limit_that_leaves_no_two_of_a_class_says_so(tmp_path: Path) -> None:
    """An oracle's MAP@R has nothing to find among three programs of three classes."""
    task, store = "codexglue/clone-detection/poj104", tmp_path / "s.db"
    found = harness.run(["oracle:"], [task], data="sample", limit=3, store=store)
    (score,) = found.cells[0].scores
    assert math.isnan(score.value)
    assert score.method == (
        "none, the score is undefined: no two of the examples are of one class"
    )


@pytest.mark.slow
def test_every_row_runs_on_its_sample(run_command: Run, tmp_path: Path) -> None:
    outcome = run_command(
        *("run", "--task", "codexglue", "--data", "sample", "--limit", "30"),
        *("--model", "oracle:", "--model", "majority:", "--model", "random:"),
        *("--store", str(tmp_path / "s.db"), "--out", str(tmp_path / "page.html")),
    )
    assert outcome.code == 0
    assert f"{3 * len(TASKS)} done" in outcome.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "task"),
    [
        ("bert:tiny", "code-search/advtest"),
        ("bert:tiny", "clone-detection/poj104"),
        ("gpt:tiny", "cloze-maxmin/go"),
        ("gpt:tiny", "code-completion-token/java"),
        ("gpt:tiny", "code-translation/java-cs"),
        ("t5:tiny", "cloze-maxmin/php"),
        ("t5:tiny", "code-summarisation/ruby"),
        ("t5:tiny", "code-search/webquery"),
    ],
)
def test_families_answer(
    run_command: Run, tmp_path: Path, model: str, task: str
) -> None:
    outcome = run_command(
        *("run", "--task", f"codexglue/{task}", "--data", "sample", "--limit", "6"),
        *("--model", model, "--device", "cpu", "--store", str(tmp_path / "s.db")),
        *("--out", str(tmp_path / "page.html")),
    )
    assert outcome.code == 0
    assert "1 done" in outcome.out


@pytest.mark.slow
def test_rows_without_answers_are_left_out_on_demand(
    run_command: Run, tmp_path: Path
) -> None:
    if not (SHARED / "data" / "code_x_glue").is_dir():
        pytest.skip("there is no ../shared/data")
    words = (
        *("run", "--task", "codexglue/cloze-maxmin", "--model", "oracle:"),
        *("--task", "codexglue/code-search/webquery"),
        *("--data", str(SHARED / "data"), "--store", str(tmp_path / "s.db")),
        *("--out", str(tmp_path / "page.html")),
    )
    refused = run_command(*words)
    assert "has no labels, so codexglue/cloze-maxmin/go can't be scored" in (
        refused.error
    )
    assert "--skip-unavailable leaves out tasks whose data is missing" in refused.error
    assert "1 done" in run_command(*words, "--skip-unavailable").out
