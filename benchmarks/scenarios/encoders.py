"""Trained encoders beside transformers, beside their matrix products, and in bf16."""

from __future__ import annotations

from benchmarks.beside.equality import (
    drift_of_probabilities,
    drift_of_spans,
    same_items,
    same_probabilities,
    same_spans,
)
from benchmarks.beside.scenario import Asked, Place, Scenario, Work, in_bf16
from benchmarks.beside.turns import Side, Worker

LONGEST = 128
WINDOW, STRIDE = 384, 128
TEXTS = f",length={LONGEST}"
WINDOWS = f",length={WINDOW},stride={STRIDE}"


def classifying(work: Work) -> Scenario:
    return Scenario(
        name=f"classify-{work.name}",
        work=work.words,
        peer="transformers, dynamic padding, batch 32",
        aim=work.aim,
        count=work.asked.count,
        ours=work.asked.by_us("bert", ask="classify", options=TEXTS),
        theirs=work.asked.by_peer("transformers_pairs", batch_size=32, longest=LONGEST),
        same=same_probabilities,
    )


def finding(work: Work) -> Scenario:
    return Scenario(
        name=f"spans-{work.name}",
        work=work.words,
        peer="transformers, dynamic padding, batch 8",
        aim=work.aim,
        count=work.asked.count,
        ours=work.asked.by_us("bert", ask="extract", options=WINDOWS),
        theirs=work.asked.by_peer(
            "transformers_spans", batch_size=8, window=WINDOW, stride=STRIDE
        ),
        same=same_spans,
    )


def sharing(work: Work) -> Scenario:
    """Compare with the products alone: the ratio is the share of their rate."""

    def products(place: Place) -> Side:
        settings = {**work.asked.settings(place), "longest": LONGEST}
        return Worker(place.ours, "benchmarks.sides.products", settings)

    return Scenario(
        name=f"share-{work.name}",
        work=f"{work.words}, share of the GEMM rate",
        peer="matrix products alone, real tokens",
        aim=0.7,
        count=work.asked.count,
        ours=work.asked.by_us("bert", ask="classify-tokens", options=TEXTS),
        theirs=products,
        same=same_items,
    )


TEXT_WORKS = (
    Work(
        "minilm",
        "MiniLM, GLUE lengths",
        Asked(model="minilm-l6", items="glue", count=128),
        aim=2.5,
    ),
    Work(
        "bert-base",
        "bert-base size, GLUE lengths",
        Asked(model="bert-base", items="glue", count=48),
        aim=2.5,
    ),
)
SPANS = Work(
    "bert-base",
    "bert-base size, SQuAD windows",
    Asked(model="bert-base-spans", items="squad", count=16),
    aim=1.5,
)
SCENARIOS = (
    *(classifying(work) for work in TEXT_WORKS),
    finding(SPANS),
    *(sharing(work) for work in TEXT_WORKS),
)
BF16 = (
    *(
        in_bf16(
            f"classify-{work.name}",
            work,
            "bert",
            ask="classify",
            options=TEXTS,
            same=drift_of_probabilities,
        )
        for work in TEXT_WORKS
    ),
    in_bf16(
        "spans-bert-base",
        SPANS,
        "bert",
        ask="extract",
        options=WINDOWS,
        same=drift_of_spans,
    ),
)
