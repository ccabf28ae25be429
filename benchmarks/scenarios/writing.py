"""Texts that are generated, beside `generate` of transformers."""

from __future__ import annotations

from typing import Any

from benchmarks.beside.equality import same_items
from benchmarks.beside.scenario import Asked, Scenario


def writing(
    name: str, work: str, *, model: str, aim: float, count: int, **more: object
) -> Scenario:
    """Compare token ids; the lengths are the items' where nothing is said of them."""
    asked = Asked(model=model, items="prompts", count=count, more=more)
    is_t5 = model.startswith("t5")
    how: dict[str, Any] = {"module": "ours_writing"}
    if not is_t5:
        how["options"] = ",chat=off"
    return Scenario(
        name=name,
        work=work,
        peer="generate, batch 8",
        aim=aim,
        count=count,
        ours=asked.by_us("t5" if is_t5 else "gpt", **how),
        theirs=asked.by_peer("transformers_writing", batch_size=8, has_source=is_t5),
        same=same_items,
    )


SCENARIOS = (
    writing(
        "write-gpt2",
        "GPT-2 size, greedy, 4 to 48 tokens each",
        model="gpt2-124m",
        aim=2.3,
        count=96,
    ),
    writing(
        "write-smollm2",
        "SmolLM2-135M, greedy, 4 to 48 tokens each",
        model="smollm2-135m",
        aim=2.3,
        count=96,
    ),
    writing(
        "write-t5",
        "T5 small, greedy, 32 tokens each",
        model="t5-small-bpe",
        aim=1.4,
        count=96,
        max_tokens=32,
    ),
    writing(
        "write-t5-beams",
        "T5 small, 4 beams, 32 tokens each",
        model="t5-small-bpe",
        aim=1.25,
        count=48,
        max_tokens=32,
        beams=4,
    ),
)
