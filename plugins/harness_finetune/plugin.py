"""The recipes, registered. Light: torch loads when training starts."""

from __future__ import annotations

from collections.abc import Sequence

from harness import RecipeEntry, TrainJob, TrainReport, hookimpl
from harness_finetune.settings import FullSettings
from harness_torch.training.settings import resolve_rate

HEAD_KINDS = frozenset(
    {"choose", "classify", "extract", "fill", "language", "regress", "tag"}
)
"""All kinds of heads there are, a model's own output layer among them."""


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
            trains=HEAD_KINDS,
            run=run_full,
            resolve=resolve_rate,
        )
    ]
