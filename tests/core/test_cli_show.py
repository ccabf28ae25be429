"""`harness show` tells how a model can't be asked, and shows a model without a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
MISSING = (
    "error: no task is named: write 'harness show TASK', such as glue/sst2, or --model "
    "alone to see what a model answers and its options\n"
)


def test_a_formulation_that_a_model_cant_be_asked_in_is_named_with_the_reason(
    run_command: Run,
) -> None:
    outcome = run_command("show", "glue/rte", "--count", "1", "--model", "bert:tiny")
    assert (
        "  can't be asked as rank with lm-eval, rank with t5: bert:tiny answers Embed, "
        "Fill, PseudoLikelihood, and zero-shot needs one of Score\n"
    ) in outcome.out
    assert (
        "  can't be asked as head: bert:tiny answers Embed, Fill, PseudoLikelihood, and "
        "zero-shot needs one of Classify (a head with the task's own labels): fine-tune it with --regime "
        "finetune:full\n"
    ) in outcome.out


def test_exemplars_count_in_how_a_model_can_be_asked(run_command: Run) -> None:
    words = ("show", "glue/rte", "--shots", "2", "--count", "1", "--model", "gpt:tiny")
    lines = run_command(*words).out.splitlines()
    assert [line for line in lines if "can't be asked" in line] == [
        f"  can't be asked as {way}: few-shot:2 needs a prompt that words exemplars, "
        f"and {way.split()[0]} has none"
        for way in ("head", "cloze with cloze")
    ]


def test_a_baseline_says_why_it_cant_answer_a_task(run_command: Run) -> None:
    outcome = run_command("show", "glue/rte", "--count", "1", "--model", "ngram:")
    assert (
        "  it can't answer glue/rte: it says the likelihood of texts, expected a "
        "perplexity task\n"
    ) in outcome.out


def test_a_model_alone_is_shown_with_what_it_answers_and_its_options(
    run_command: Run,
) -> None:
    shown = run_command("show", "--model", "gpt:tiny").out
    assert "\n  longest input: 1,024 tokens\n" in shown
    assert "\n  answers: Embed, Fill, Follow, Generate, Likelihood, Score\n" in shown
    assert "\n  can be fine-tuned for: classify, language, regress, tag\n" in shown
    assert "\n  chat template: none\n" in shown
    assert "\noptions, as in gpt:tiny,length=...\n  length    the longest" in shown


def test_a_baseline_alone_is_shown_without_what_it_lacks(run_command: Run) -> None:
    assert run_command("show", "--model", "majority:").out == (
        "majority:\n"
        "  the most frequent training label, or the mean training number\n"
        "  options: none\n"
    )


@pytest.mark.parametrize(
    "words", [[], ["--model", "gpt:tiny", "--shots", "1"], ["--prompt", "t5"]]
)
def test_without_a_task_there_is_nothing_else_to_show(
    run_command: Run, words: list[str]
) -> None:
    outcome = run_command("show", *words)
    assert (outcome.code, outcome.error) == (2, MISSING)
