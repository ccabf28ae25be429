"""How many texts a second a tokenizer makes ready, against what a model can read."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

from tokenizers import Tokenizer

from harness_torch.sizes import Sizes
from harness_torch.tokenizers.training import Frame, train_tokenizer

_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an")]
_FRAME = Frame(tokens={"unk": "<unk>"}, single="$A", pair="$A $B:1")
_SEED = 3


class Rate(NamedTuple):
    """What a tokenizer does on this machine.

    Attributes:
        tokens_per_s: with all threads that the library takes.
        threads: processors that are there.
    """

    tokens_per_s: float
    threads: int


def tokenizer_rate(lengths: Sequence[int], *, turns: int = 3) -> Rate:
    """Measure a byte-level BPE, learnt from texts like those, about as long as these.

    Args:
        lengths: tokens of each text; they come out as long by a third, as invented
            words are cut into pieces as often as rare ones.
        turns: repetitions that are measured, after one to warm up.
    """
    draw = random.Random(_SEED)
    words = [
        "".join(draw.choices(_SYLLABLES, k=draw.randint(1, 4))) for _ in range(20_000)
    ]
    weights = [1 / place for place in range(1, len(words) + 1)]  # as Zipf has it
    texts = [
        " ".join(draw.choices(words, weights, k=max(1, round(length * 0.75))))
        for length in lengths
    ]
    made = train_tokenizer(texts[:2_000], Sizes(vocabulary=8_000), _FRAME)
    tokenizer = Tokenizer.from_buffer(made.files["tokenizer.json"])
    times = []
    tokens = 0
    for _ in range(turns + 1):
        started = time.perf_counter()
        encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        times.append(time.perf_counter() - started)
        tokens = sum(len(one.ids) for one in encoded)
    return Rate(tokens / statistics.median(times[1:]), len(os.sched_getaffinity(0)))
