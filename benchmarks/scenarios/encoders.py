"""Trained encoders beside transformers."""

from __future__ import annotations

from benchmarks.beside.equality import same_probabilities
from benchmarks.beside.scenario import Asked, Scenario

LONGEST = 128


def classifying(name: str, work: str, *, model: str, count: int) -> Scenario:
    asked = Asked(model=model, items="glue", count=count)
    return Scenario(
        name=name,
        work=work,
        peer="transformers, dynamic padding, batch 32",
        aim=2.5,
        count=count,
        ours=asked.by_us("bert", ask="classify", options=f",length={LONGEST}"),
        theirs=asked.by_peer("transformers_pairs", batch_size=32, longest=LONGEST),
        same=same_probabilities,
    )


SCENARIOS = (
    classifying(
        "classify-minilm", "MiniLM, GLUE lengths", model="minilm-l6", count=128
    ),
    classifying(
        "classify-bert-base",
        "bert-base size, GLUE lengths",
        model="bert-base",
        count=48,
    ),
)
