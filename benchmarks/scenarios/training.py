"""Fine-tuning beside transformers' Trainer: equal steps over equal examples."""

from __future__ import annotations

from benchmarks.beside.equality import same_probabilities
from benchmarks.beside.scenario import Asked, Scenario
from harness_torch.training.schedule import Schedule

SEED = 1
LONGEST = 128
COUNT = 256
SCHEDULE = Schedule(examples=COUNT, batch_size=32, epochs=1, warmup=0.1)
SETTINGS = {
    "seed": SEED,
    "batch_size": SCHEDULE.batch_size,
    "learning_rate": 5e-5,
    "weight_decay": 0.01,
    "clip": 1.0,
    "warmup": SCHEDULE.warmup,
    "warm_steps": SCHEDULE.warm_steps,
    "longest": LONGEST,
    "order": [place for step in SCHEDULE.order(SEED) for place in step],
}


def training(
    name: str, peer: str, *, aim: float, dtype: str = "fp32", is_padded: bool = False
) -> Scenario:
    """Compare with the models' own dropout, and check that they agree without."""
    more = {**SETTINGS, "dtype": dtype}
    timed, checked = (
        Asked(model="minilm-l6", items="mrpc", count=COUNT, more={**more, **without})
        for without in ({}, {"dropout": 0.0, "dtype": "fp32"})
    )
    return Scenario(
        name=name,
        work=f"fine-tuning MiniLM on MRPC{'' if dtype == 'fp32' else f', {dtype}'}",
        peer=peer,
        aim=aim,
        count=COUNT,
        ours=timed.by_us("bert", module="ours_training", options=f",length={LONGEST}"),
        theirs=timed.by_peer("trainer", is_padded=is_padded),
        checked=(
            checked.by_us("bert", module="ours_training", options=f",length={LONGEST}"),
            checked.by_peer("trainer", is_padded=is_padded),
        ),
        same=same_probabilities,
    )


SCENARIOS = (
    training("train-minilm", "Trainer, dynamic padding", aim=1.4),
    training("train-minilm-padded", "Trainer, padded to 128", aim=2.7, is_padded=True),
    training("train-minilm-bf16", "Trainer, dynamic, bf16", aim=1.35, dtype="bf16"),
)
