"""The objectives, registered. Light: torch loads when training starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness import ObjectiveEntry, PretrainJob, PretrainReport, hookimpl
from harness_pretrain.settings import (
    MaskedSettings,
    OrderSettings,
    PairSettings,
    SpanSettings,
    TextSettings,
    resolve,
)


def _runs(name: str) -> Callable[[PretrainJob], PretrainReport]:
    def run(job: PretrainJob) -> PretrainReport:
        from harness_pretrain import objectives  # torch and accelerate

        chosen: Callable[[PretrainJob], PretrainReport] = getattr(objectives, name)
        return chosen(job)

    return run


@hookimpl
def harness_objectives() -> Sequence[ObjectiveEntry]:
    """Register the objectives; the first that a model can do is its default."""
    return [
        ObjectiveEntry(
            name="mlm",
            summary="say masked words (BERT, RoBERTa)",
            settings=MaskedSettings,
            needs="masked",
            run=_runs("learn_masked"),
            resolve=resolve,
        ),
        ObjectiveEntry(
            name="mlm+nsp",
            summary="say masked words, and whether a text follows another (BERT)",
            settings=PairSettings,
            needs="pairs",
            run=_runs("learn_pairs"),
            resolve=resolve,
        ),
        ObjectiveEntry(
            name="permutation",
            summary="say words in a random order, by two-stream attention (XLNet)",
            settings=OrderSettings,
            needs="orders",
            run=_runs("learn_orders"),
            resolve=resolve,
        ),
        ObjectiveEntry(
            name="causal",
            summary="say every next word (GPT)",
            settings=TextSettings,
            needs="causal",
            run=_runs("learn_causal"),
            resolve=resolve,
        ),
        ObjectiveEntry(
            name="span-corruption",
            summary="say the spans that sentinels stand for (T5)",
            settings=SpanSettings,
            needs="rewritten",
            run=_runs("learn_spans"),
            resolve=resolve,
        ),
    ]
