"""Scoring by decoders beside lm-evaluation-harness, and in bf16 beside itself."""

from __future__ import annotations

from benchmarks.beside.equality import drift_of_choices, same_choices
from benchmarks.beside.scenario import Asked, Scenario, Work, in_bf16

MODEL = "smollm2-135m"


def asking(items: str, count: int) -> Asked:
    return Asked(model=MODEL, items=items, count=count)


def scoring(work: Work) -> Scenario:
    return Scenario(
        name=f"score-{work.name}",
        work=work.words,
        peer="lm-eval, batch 8",
        aim=work.aim,
        count=work.asked.count,
        ours=work.asked.by_us("gpt", ask="score"),
        theirs=work.asked.by_peer("lm_eval_scores", batch_size=8),
        same=same_choices,
    )


WORKS = (
    Work(
        "hellaswag",
        "four choices, HellaSwag-like lengths",
        asking("hellaswag", 12),
        aim=3.5,
    ),
    Work("arc", "four choices, ARC-like lengths", asking("arc", 24), aim=3.5),
    Work("copa", "two choices, COPA", asking("copa", 48), aim=3.5),
    Work(
        "arc-5-shot",
        "four choices, ARC-like lengths, 5-shot",
        asking("arc_5_shot", 50),
        aim=7.0,
    ),
    Work("boolq", "yes or no, BoolQ", asking("boolq", 16), aim=1.3),
)
SCENARIOS = tuple(scoring(work) for work in WORKS)
BF16 = tuple(
    in_bf16(f"score-{work.name}", work, "gpt", ask="score", same=drift_of_choices)
    for work in WORKS
)
