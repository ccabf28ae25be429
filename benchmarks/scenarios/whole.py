"""Whole runs from the command line beside lm-evaluation-harness' own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.beside.equality import Equality, same_choices
from benchmarks.beside.scenario import Place, Scenario
from benchmarks.beside.turns import Command, Side

MODEL = "smollm2-135m"
SAME_SCORE = 1e-9
"""Accuracies are shares of the same whole numbers."""
PEER_TASK = """\
task: bench_choices
dataset_path: json
dataset_kwargs: {{data_files: {{test: {items}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{context}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: label
target_delimiter: ""
metric_list: [{{metric: acc}}, {{metric: acc_norm}}]
"""


def whole(
    name: str, work: str, *, items: str, count: int, aim: float, memory: float | None
) -> Scenario:
    def ours(place: Place) -> Side:
        folder = lay_out(place, items, count)
        module = "benchmarks.sides.harness_run"
        command = [str(place.ours), "-m", module, place.model(MODEL), str(folder)]
        return _command(command, place)

    def theirs(place: Place) -> Side:
        folder = lay_out(place, items, count)
        module = "benchmarks.sides.lm_eval_run"
        command = [str(place.peers), "-m", module, place.model(MODEL), str(folder)]
        return _command(command, place)

    return Scenario(
        name=name,
        work=work,
        peer="lm-eval, batch 8",
        aim=aim,
        count=count,
        ours=ours,
        theirs=theirs,
        same=same_run,
        memory_aim=memory,
    )


def lay_out(place: Place, items: str, count: int) -> Path:
    """Write the first items where each side looks for its data, and the peer's task.

    Where two choices are equal, the peer takes the first alone for right or wrong, and
    we take both: such items are left out.

    Returns:
        The folder for both.
    """
    folder = place.materials.resolve() / "whole" / f"{items}-{count}"
    file = folder / "choices" / "validation.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = Path(place.items(items)).read_text("utf-8").splitlines(keepends=True)
    clear = [line for line in lines if _has_different_choices(json.loads(line))]
    file.write_text("".join(clear[:count]), "utf-8")
    (folder / "bench_choices.yaml").write_text(PEER_TASK.format(items=file), "utf-8")
    return folder


def same_run(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Equality:
    """Compare what was said of every choice, and both accuracies."""
    found = same_choices(ours["choices"], theirs["choices"])
    pairs = zip(ours["scores"], theirs["scores"], strict=True)
    scores = sum(abs(one - other) > SAME_SCORE for one, other in pairs)
    return replace(found, unequal=found.unequal + scores)


def _has_different_choices(item: Mapping[str, Any]) -> bool:
    return len(set(item["choices"])) == len(item["choices"])


def _command(words: Sequence[str], place: Place) -> Command:
    return Command([*words, "{out}"], threads=place.threads, answers="answers.json")


SCENARIOS = (
    whole(
        "whole-arc",
        "whole run of 200 four-choice items, ARC-like lengths",
        items="arc",
        count=200,
        aim=4.0,
        memory=0.65,
    ),
    whole(
        "whole-one",
        "whole run of one item: what a run costs however short",
        items="arc",
        count=1,
        aim=8.0,
        memory=None,
    ),
)
