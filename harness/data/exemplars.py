"""Few-shot exemplars that are drawn anew for each example, as the peer draws them."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence

from harness.errors import DataError
from harness.task import Example


def draw_for_each(
    training: Sequence[Example],
    evaluated: Iterable[Example],
    k: int,
    seed: int,
    *,
    wanted: Collection[str],
) -> dict[str, list[Example]]:
    """Draw `k` exemplars for each example, with one generator for the whole split.

    As `ContextSampler` of lm-evaluation-harness 0.4.13 does (lm_eval/api/samplers.py)
    for tasks that name neither a test nor a few-shot split, such as all of its GLUE and
    SuperGLUE: one exemplar more is drawn and those that equal the example itself are
    left out; its default seed is 1234. Where it knows a test split it draws no exemplar
    more, so that from the second example on its exemplars are others.

    Args:
        training: the training split, of more than `k` examples.
        evaluated: the whole evaluated split in its order: what an example gets depends
            on its place in there alone, whatever part of it is asked about.
        k: how many exemplars.
        seed: seeds the generator.
        wanted: ids of the examples that are asked about.

    Returns:
        The exemplars by the example's id, in the order they were drawn.

    Raises:
        DataError: there are `k` training examples or fewer.
    """
    if len(training) <= k:
        raise DataError(
            f"{k + 1} exemplars were asked for and {len(training)} labelled examples "
            "may be drawn: ask for fewer shots or give more training examples"
        )
    generator = random.Random(seed)
    found: dict[str, list[Example]] = {}
    for example in evaluated:
        if len(found) == len(wanted):
            break
        drawn = generator.sample(training, k + 1)
        kept = _others(drawn, example)[:k]
        if len(kept) < k:  # the example stands in the training split more than once
            kept = generator.sample(_others(training, example), k)
        if example.id in wanted:
            found[example.id] = kept
    return found


def _others(examples: Sequence[Example], example: Example) -> list[Example]:
    return [other for other in examples if other.columns != example.columns]
