"""How families are fine-tuned for a problem where the suite names no formulation."""

from __future__ import annotations

import pytest

from harness.plan.planner import make_plan
from harness.plugins import load_plugins
from harness.suite import make_suite

CHOSEN = {
    "glue/sst2": ("head", "head", "head"),
    "glue/stsb": ("head", "head", "head"),
    "superglue/copa": ("head", "rank lm-eval", "generate t5"),
    "squad/v1": ("head", "generate lm-eval", "generate t5"),
    "text/conll2003": ("head", "head", "head"),
    "text/perplexity": (None, "likelihood", "target-likelihood"),
    "codexglue/code-repair/small": (None, "generate plain", "generate t5"),
    "codexglue/code-completion-token/java": (None, "follow", None),
    "wmt/wmt14/fr-en": (None, "generate lm-eval", "generate t5"),
}
FAMILIES = ("bert:tiny", "gpt:tiny", "t5:tiny")


@pytest.mark.parametrize("task", CHOSEN)
def test_a_family_is_trained_for_what_suits_it(task: str) -> None:
    suite = {"models": FAMILIES, "tasks": [task], "data": "sample"}
    plan = make_plan(
        make_suite({**suite, "regimes": ["finetune:full"]}), load_plugins()
    )
    chosen = {
        str(cell.model): " ".join(
            filter(None, [cell.formulation.name, cell.formulation.prompt])
        )
        for cell in plan.cells
        if cell.formulation
    }
    assert tuple(map(chosen.get, FAMILIES)) == CHOSEN[task]
