"""The recipes, registered. Light: torch loads when training starts."""

from __future__ import annotations

from collections.abc import Sequence

from harness import RecipeEntry, TrainJob, TrainReport, hookimpl
from harness_finetune.settings import (
    AdapterSettings,
    FullSettings,
    LoraSettings,
    ProbeSettings,
    PromptSettings,
    own_rate,
)
from harness_torch.training.settings import resolve_rate

_HEADS = frozenset({"choose", "classify", "extract", "regress", "tag"})
_WHOLE_TEXTS = frozenset({"choose", "classify", "regress"})
_OWN = frozenset({"fill", "language"})
"""Layers of its own that a model is trained by, without a head."""


def run_full(job: TrainJob) -> TrainReport:
    """Train every weight; see `harness_finetune.full`."""
    from harness_finetune.full import Full  # torch and accelerate
    from harness_finetune.method import fine_tune

    return fine_tune(job, Full())


def run_lora(job: TrainJob) -> TrainReport:
    """Train low-rank changes; see `harness_finetune.lora`."""
    from harness_finetune.lora import Lora  # peft
    from harness_finetune.method import fine_tune

    return fine_tune(job, Lora())


def run_adapter(job: TrainJob) -> TrainReport:
    """Train bottlenecks; see `harness_finetune.bottleneck`."""
    from harness_finetune.bottleneck import Bottlenecks  # torch
    from harness_finetune.method import fine_tune

    return fine_tune(job, Bottlenecks())


def run_prompt_tuning(job: TrainJob) -> TrainReport:
    """Train virtual tokens; see `harness_finetune.prompt_tuning`."""
    from harness_finetune.method import fine_tune
    from harness_finetune.prompt_tuning import PromptTuning  # torch

    return fine_tune(job, PromptTuning())


def run_linear_probe(job: TrainJob) -> TrainReport:
    """Train one linear layer; see `harness_finetune.linear_probe`."""
    from harness_finetune.linear_probe import probe  # torch

    return probe(job)


@hookimpl
def harness_recipes() -> Sequence[RecipeEntry]:
    """Register the ways to fine-tune."""
    return [
        RecipeEntry(
            name="full",
            summary="train every weight of the model and its head",
            settings=FullSettings,
            trains=_HEADS | _OWN,
            run=run_full,
            resolve=resolve_rate,
        ),
        RecipeEntry(
            name="lora",
            summary="train low-rank changes of attention layers, and the head",
            settings=LoraSettings,
            trains=_HEADS | _OWN,
            run=run_lora,
            saves="adapter",
            resolve=own_rate(1e-3),
        ),
        RecipeEntry(
            name="adapter",
            summary="train bottlenecks behind every sublayer, norms and the head",
            settings=AdapterSettings,
            trains=_HEADS | _OWN,
            run=run_adapter,
            saves="adapter",
            resolve=own_rate(1e-3),
        ),
        RecipeEntry(
            name="prompt-tuning",
            summary="train virtual tokens before every layer or input, and the head",
            settings=PromptSettings,
            trains=_WHOLE_TEXTS | {"language"},
            run=run_prompt_tuning,
            saves="adapter",
            resolve=own_rate(3e-3),
        ),
        RecipeEntry(
            name="linear-probe",
            summary="train one linear layer, on a base that stays as it is",
            settings=ProbeSettings,
            trains=_HEADS,
            run=run_linear_probe,
            saves="adapter",
            resolve=own_rate(3e-2),
        ),
    ]
