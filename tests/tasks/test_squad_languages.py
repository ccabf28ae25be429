"""XQuAD and MLQA: rows, wordings of the published protocols, transfer from SQuAD."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import harness
from harness import Example, Task
from harness.requests import Generate
from harness.task import render
from harness.testing import check_task
from harness_squad.language_prompts import pad_marks
from harness_squad.languages import MLQA_TASKS, XQUAD_TASKS
from harness_squad.plugin import harness_benchmarks

ROW = {"context": "Zoë lit «Nana».", "question": "Qui?"}
TASKS = {task.id: task for task in (*XQUAD_TASKS, *MLQA_TASKS)}


def asked(task: str, prompt: str) -> Generate:
    (way,) = (way for way in TASKS[task].formulations() if way.prompt == prompt)
    (request,) = way.requests(Example(id="q", columns=ROW, target=["Zoë"]))
    assert isinstance(request, Generate)
    return request


def test_xquad_has_twelve_languages_and_mlqa_each_pair_of_seven() -> None:
    assert (len(XQUAD_TASKS), len(MLQA_TASKS), len(TASKS)) == (12, 49, 61)


def test_no_mean_over_languages_is_made_up() -> None:
    benchmarks = {found.id: found for found in harness_benchmarks()}
    assert benchmarks["xquad"].aggregate(dict.fromkeys(TASKS, 90.0)) is None
    assert benchmarks["mlqa"].aggregate(dict.fromkeys(TASKS, 90.0)) is None


def test_mlqa_names_the_text_then_the_question_and_counts_in_the_texts_language() -> (
    None
):
    """As `mlqa_evaluation_v1.py` takes the answers' language, which is the text's."""
    task = TASKS["mlqa/de-vi"]
    assert task.data.hub is not None
    assert task.data.hub.config == "mlqa.de.vi"
    assert task.metrics == ("mlqa_f1,language=de", "mlqa_exact_match,language=de")


@pytest.mark.parametrize("task", ["xquad/th", "mlqa/zh-en"])
def test_a_row_keeps_the_contract(task: str) -> None:
    row = TASKS[task]
    assert row.data.sample is not None
    examples = [
        Example(id=str(r["id"]), columns=r, target=row.problem.read_target(r))
        for r in row.data.sample(row.data.evaluate, 1)
    ]
    check_task(row, examples)


def test_xquad_is_worded_as_lm_evaluation_harness_does() -> None:
    """SHA-1 of `doc_to_text` in its twelve lm_eval/tasks/xquad/xquad_*.yaml, 0.4.13."""
    columns = {"context": "C", "question": "Q"}
    tasks: list[Task] = sorted(XQUAD_TASKS, key=lambda task: task.id)
    texts = [render(task.prompts["lm-eval"].text, columns) for task in tasks]
    digest = hashlib.sha1("\n".join(texts).encode()).hexdigest()
    assert digest == "bf4ce48161b3288489c0344f7bba54c3f2812474"


def test_mlqa_is_worded_in_english_whatever_its_languages() -> None:
    """As `doc_to_text` in lm_eval/tasks/mlqa/mlqa_common_yaml, release 0.4.13."""
    request = asked("mlqa/de-vi", "lm-eval")
    assert request.prompt == "Context: Zoë lit «Nana».\n\nQuestion: Qui?\n\nAnswer:"
    assert (request.stop, request.max_tokens) == (("\n",), 256)


def test_an_encoder_decoder_is_asked_as_mt5_was() -> None:
    """As `preprocessors.xquad` of google-research/multilingual-t5 joins and pads."""
    assert asked("xquad/el", "t5").prompt == (
        "question: Qui ? context: Zoë lit « Nana » ."
    )


@pytest.mark.parametrize(
    ("text", "padded"),
    [("François", "François"), ("हिन्दी।", "हिन्दी ।"), ("a_b\n1,5", "a_b 1 , 5")],
)
def test_accents_and_vowel_signs_are_not_set_apart(text: str, padded: str) -> None:
    """The first case is that of `_pad_punctuation`'s own docstring."""
    assert pad_marks(text) == padded


@pytest.mark.slow
def test_one_model_tuned_on_squad_is_asked_in_every_language(tmp_path: Path) -> None:
    found = harness.run(
        ["bert:tiny"],
        ["squad/v1", "xquad/de", "mlqa/zh-en"],
        regimes=["finetune:full,epochs=1,max_examples=16"],
        data="sample",
        limit=4,
        store=tmp_path / "store.sqlite",
    )
    assert [cell.status for cell in found.cells] == ["done"] * 3
    trained = {cell.provenance["checkpoint"] for cell in found.cells}
    assert len(trained) == 1
