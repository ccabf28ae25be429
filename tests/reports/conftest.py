"""A realistic set of results with invented models, and makers of single cells."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.results import Caveats, CellResult, CellScore, Cost, Results, ResultStatus
from harness.task import Benchmark

GLUE = Benchmark(
    id="glue",
    title="GLUE",
    tasks=(
        "glue/cola",
        "glue/sst2",
        "glue/mrpc",
        "glue/stsb",
        "glue/qqp",
        "glue/mnli",
        "glue/mnli-mismatched",
        "glue/qnli",
        "glue/rte",
        "glue/wnli",
        "glue/ax",
    ),
    groups=(
        ("glue/cola",),
        ("glue/sst2",),
        ("glue/mrpc",),
        ("glue/stsb",),
        ("glue/qqp",),
        ("glue/mnli", "glue/mnli-mismatched"),
        ("glue/qnli",),
        ("glue/rte",),
        ("glue/wnli",),
    ),
    source="https://gluebenchmark.com",
)

# task: title, metrics, labels, split size
TASKS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...], int]] = {
    "glue/cola": ("CoLA", ("matthews",), ("unacceptable", "acceptable"), 1043),
    "glue/sst2": ("SST-2", ("accuracy",), ("negative", "positive"), 872),
    "glue/mrpc": (
        "MRPC",
        ("f1,positive=equivalent", "accuracy"),
        ("not_equivalent", "equivalent"),
        408,
    ),
    "glue/stsb": ("STS-B", ("pearson", "spearman"), (), 1500),
    "glue/qqp": (
        "QQP",
        ("f1,positive=duplicate", "accuracy"),
        ("not_duplicate", "duplicate"),
        40430,
    ),
    "glue/mnli": (
        "MNLI-m",
        ("accuracy",),
        ("entailment", "neutral", "contradiction"),
        9815,
    ),
    "glue/mnli-mismatched": (
        "MNLI-mm",
        ("accuracy",),
        ("entailment", "neutral", "contradiction"),
        9832,
    ),
    "glue/qnli": ("QNLI", ("accuracy",), ("entailment", "not_entailment"), 5463),
    "glue/rte": ("RTE", ("accuracy",), ("entailment", "not_entailment"), 277),
    "glue/wnli": ("WNLI", ("accuracy",), ("not_entailment", "entailment"), 71),
    "glue/ax": (
        "AX",
        ("matthews",),
        ("entailment", "neutral", "contradiction"),
        1104,
    ),
}

# one checkpoint, several evaluations
TRAINED_ON = {"glue/mnli-mismatched": "glue/mnli", "glue/ax": "glue/mnli"}

# model, regime, formulation, baseline, skill, examples a second, GB, million
# parameters, seeds: all invented
MODELS = (
    ("bert:acme/alder-base", "finetune:full", "head", False, 0.83, 41.2, 1.9, 110, 3),
    ("bert:acme/birch-base", "finetune:full", "head", False, 0.82, 39.8, 2.0, 125, 1),
    ("bert:acme/cedar-mini", "finetune:lora", "head", False, 0.75, 163.0, 0.4, 23, 1),
    (
        "t5:acme/dogwood-small",
        "finetune:full",
        "generate",
        False,
        0.77,
        12.7,
        1.1,
        60,
        1,
    ),
    ("gpt:acme/elm-124m", "finetune:full", "head", False, 0.76, 36.1, 2.2, 124, 1),
    ("gpt:acme/elm-124m", "few-shot:5", "rank", False, 0.46, 3.4, 1.7, 124, 1),
    ("majority:", "zero-shot", None, True, 0.40, 90000.0, 0.1, 0, 1),
    ("random:", "zero-shot", None, True, 0.30, 90000.0, 0.1, 0, 1),
)

COMMAND = "harness run suites/glue.yaml --data ./data --store results.db"


def make_score(metric: str, value: float, units: int, **changes: object) -> CellScore:
    half = 1.96 * math.sqrt(max(value * (1 - value), 0.001) / units)
    name, _, option = metric.partition(",")
    parts = [name, *([option.replace("=", ":")] if option else []), f"n:{units}", "v:1"]
    made = CellScore(
        metric=metric,
        signature="|".join(parts),
        value=value,
        low=max(value - half, -1.0),
        high=min(value + half, 1.0),
        method="Wilson" if name == "accuracy" else "bootstrap, 1000 draws",
        scale=100.0,
        units=units,
        is_headline=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # tests name fields


def make_cell(**changes: object) -> CellResult:
    """Make a done cell: model a:m/one on s/task with accuracy 0.8 of 100."""
    made = CellResult(
        fingerprint="f" * 8,
        model="a:m/one",
        is_baseline=False,
        task="s/task",
        task_title="Task",
        task_version=1,
        metrics_column="s/task@1",
        split="validation",
        regime="zero-shot",
        formulation="rank",
        scores=(make_score("accuracy", 0.8, 100),),
        provenance={"data_hash": "d1", "run": "r1"},
    )
    return replace(made, **changes)  # type: ignore[arg-type] # tests name fields


def make_confusion(
    labels: Sequence[str], skill: float, size: int
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    share = size // len(labels)
    rest = (1 - skill) / max(len(labels) - 1, 1)
    rows = [
        tuple(round(share * (skill if i == j else rest)) for j in range(len(labels)))
        for i in range(len(labels))
    ]
    return tuple(labels), tuple(rows)


def make_curve(seed: int, steps: int = 300) -> tuple[tuple[int, float, float], ...]:
    draw = random.Random(seed)
    return tuple(
        (
            step,
            0.25 + 0.5 * math.exp(-step / 80) + draw.gauss(0, 0.03),
            2e-5 * (1 - step / steps),
        )
        for step in range(1, steps + 1, 2)
    )


def _provenance(task: str, model: str) -> dict[str, str]:
    source = TRAINED_ON.get(task, task)
    return {
        "data": f"data/{task}/validation.parquet",
        "data_hash": f"{hash_of(task):064x}",
        "base_weights": f"{hash_of(model):064x}",
        "trained_on": f"data/{source}/train.parquet",
        "trained_on_hash": f"{hash_of(source):064x}",
        "settings": "FullSettings(select='last', epochs=3.0, learning_rate=2e-05)",
        "checkpoint": f"runs/checkpoints/{hash_of(model + source):064x}",
        "run": "7f3a91c2",
        "date": "2026-11-22T09:14:05+00:00",
        "command": f"harness run --model {model} --task {task} --regime finetune:full",
        "processor": "8 cores x86-64",
        "device": "cpu",
        "torch": "2.13.0+cpu",
        "nlp-harness": "0.1.0",
    }


def hash_of(text: str) -> int:
    return random.Random(text).getrandbits(64)


def _glue_cell(spec: Sequence[Any], task: str, seed: int) -> CellResult:
    model, regime, formulation, is_baseline, skill, speed, memory, parameters, _ = spec
    title, metrics, labels, size = TASKS[task]
    draw = random.Random(f"{model} {regime} {task} {seed}")
    level = min(0.97, skill + random.Random(task).uniform(-0.16, 0.12))
    level += draw.gauss(0, 0.012)
    level = 0.56 if task == "glue/wnli" else level
    if metrics[0] == "matthews":
        level = 0.0 if is_baseline else max(0.03, 2 * level - 1.05)
    prompt = {"rank": "lm-eval", "generate": "t5"}.get(formulation or "")
    trained = regime.startswith("finetune")
    source = TRAINED_ON.get(task, task)
    return make_cell(
        fingerprint=f"{hash_of(f'{model}{regime}{task}{seed}'):016x}",
        model=model,
        is_baseline=is_baseline,
        task=task,
        task_title=title,
        metrics_column=f"{task}@1|{prompt or ''}",
        regime=regime,
        settings={"epochs": "3", "lr": "2e-5"} if trained else {},
        formulation=formulation,
        prompt=prompt,
        seed=seed,
        scores=tuple(
            make_score(m, level - 0.01 * i, size) for i, m in enumerate(metrics)
        ),
        cost=Cost(
            seconds=size / speed,
            examples=size,
            tokens=size * 40,
            padding=0.0,
            peak_memory_bytes=int(memory * 1e9),
            parameters=None if is_baseline else parameters * 1_000_000,
            trained_parameters=parameters * 1_000_000 if trained else None,
            train_seconds=hash_of(source) % 3000 / skill + seed if trained else None,
        ),
        caveats=Caveats(split_size=size),
        confusion=make_confusion(labels, (level + 1) / 2, size) if labels else None,
        curve=make_curve(seed + hash_of(source)) if trained else (),
        provenance=_provenance(task, model),
    )


# by adapter, regime and task
CAVEATS: Mapping[tuple[str, str, str], Caveats] = {
    ("gpt", "few-shot:5", "glue/qnli"): Caveats(truncated=31, dropped_shots=212),
    ("gpt", "few-shot:5", "glue/mnli"): Caveats(limit=1000, split_size=9815),
    ("t5", "finetune:full", "glue/mrpc"): Caveats(unparsable=4),
    ("bert", "finetune:full", "glue/rte"): Caveats(duplicates=2),
    ("bert", "finetune:lora", "glue/cola"): Caveats(selected_on_evaluated=True),
}


def _spoil(cell: CellResult) -> CellResult:
    """Put caveats and failures where a real run would have them."""
    place = cell.model.partition(":")[0], cell.regime, cell.task
    if place == ("t5", "finetune:full", "glue/qqp"):
        reason = "loss is not a number at step 211: lower the learning rate"
        return _without_score(cell, "failed", reason)
    if place == ("t5", "finetune:full", "glue/rte"):
        return _without_score(cell, "blocked", "the train cell it waits for failed")
    if cell.is_baseline and cell.task == "glue/stsb":
        # the correlation with a constant is no number
        undefined = [
            replace(s, value=math.nan, low=None, high=None) for s in cell.scores
        ]
        return replace(cell, scores=tuple(undefined))
    caveats = CAVEATS.get(place, cell.caveats)
    if caveats.is_partial:
        scores = tuple(make_score(s.metric, s.value, 1000) for s in cell.scores)
        return replace(cell, caveats=caveats, scores=scores)
    return replace(cell, caveats=caveats)


def _without_score(cell: CellResult, status: ResultStatus, reason: str) -> CellResult:
    bare = replace(cell, scores=(), cost=Cost(), confusion=None, curve=())
    return replace(bare, status=status, reason=reason)


def make_glue() -> Results:
    """Make results of eight rows on eleven tasks, with all that can go wrong."""
    cells = [
        _spoil(_glue_cell(spec, task, seed))
        for spec in MODELS
        for task in TASKS
        for seed in range(1, spec[-1] + 1)
        if not (spec[1] == "few-shot:5" and task == "glue/ax")
    ]
    return Results(
        cells=cells,
        benchmarks=(GLUE,),
        title="glue-small",
        generated="2026-11-22T10:40:12",
        command=COMMAND,
    )


@pytest.fixture(scope="session")
def glue() -> Results:
    return make_glue()


@pytest.fixture(scope="session")
def cell() -> Callable[..., CellResult]:
    return make_cell


@pytest.fixture(scope="session")
def score() -> Callable[..., CellScore]:
    return make_score
