"""The recipes, registered. Light: torch loads when training starts."""

from __future__ import annotations

from collections.abc import Sequence

from harness import RecipeEntry, TrainJob, TrainReport, hookimpl
from harness_finetune.settings import FullSettings
from harness_torch.training.settings import resolve_rate


def run_full(job: TrainJob) -> TrainReport:
    """Train every weight; see `harness_finetune.full`."""
    from harness_finetune.full import Full  # torch and accelerate
    from harness_finetune.method import fine_tune

    return fine_tune(job, Full())


@hookimpl
def harness_recipes() -> Sequence[RecipeEntry]:
    """Register the ways to fine-tune."""
    return [
        RecipeEntry(
            name="full",
            summary="train every weight of the model and its head",
            settings=FullSettings,
            trains=frozenset({"choose", "classify", "extract", "regress", "tag"}),
            run=run_full,
            resolve=resolve_rate,
        )
    ]
