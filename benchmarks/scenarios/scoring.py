"""Scoring by decoders beside lm-evaluation-harness."""

from __future__ import annotations

from benchmarks.beside.equality import same_choices
from benchmarks.beside.scenario import Asked, Scenario

MODEL = "smollm2-135m"
PEER = "lm-eval, batch 8"


def scoring(name: str, work: str, *, aim: float, count: int, items: str) -> Scenario:
    asked = Asked(model=MODEL, items=items, count=count)
    return Scenario(
        name=name,
        work=work,
        peer=PEER,
        aim=aim,
        count=count,
        ours=asked.by_us("gpt", ask="score"),
        theirs=asked.by_peer("lm_eval_scores", batch_size=8),
        same=same_choices,
    )


SCENARIOS = (
    scoring(
        "score-hellaswag",
        "four choices, HellaSwag-like lengths",
        aim=3.5,
        count=12,
        items="hellaswag",
    ),
    scoring(
        "score-arc",
        "four choices, ARC-like lengths",
        aim=3.5,
        count=24,
        items="arc",
    ),
    scoring("score-copa", "two choices, COPA", aim=3.5, count=48, items="copa"),
    scoring(
        "score-arc-5-shot",
        "four choices, ARC-like lengths, 5-shot",
        aim=7.0,
        count=50,
        items="arc_5_shot",
    ),
    scoring("score-boolq", "yes or no, BoolQ", aim=1.3, count=16, items="boolq"),
)
