"""Writing beside transformers' `generate`: the same random weights and prompts."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks import random_decoders
from harness import Budget, LoadSettings
from harness.requests import Generate, GenerateAnswer
from harness_gpt.adapter import GptAdapter
from harness_torch.device import DTYPES, pick_device

_SEED = 2
_EVERYTHING = Budget(tokens=10**9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What both sides wrote, in turns.

    Attributes:
        size: of the decoder.
        rows: prompts that are continued at once.
        written: tokens that each row is continued by.
        same_rows: how many rows both wrote alike.
        ours: seconds of each turn.
        theirs: likewise.
    """

    size: str
    rows: int
    written: int
    same_rows: int
    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """How many times as fast ours was, turn by turn."""
        return [b / a for a, b in zip(self.ours, self.theirs, strict=True)]

    def tokens_per_s(self, seconds: Sequence[float]) -> float:
        """Return what a side wrote in its median turn."""
        return self.rows * self.written / statistics.median(seconds)


def decode_beside(
    size: str,
    load: LoadSettings,
    *,
    rows: Sequence[int],
    written: int,
    turns: int,
) -> list[Decoded]:
    """Let both sides continue so many prompts greedily, the first turn to warm up."""
    from transformers import AutoModelForCausalLM

    adapter = random_decoders.make_adapter(size, load)
    with tempfile.TemporaryDirectory() as folder:
        random_decoders.save(adapter, size, Path(folder))
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=DTYPES[load.dtype]
        )
    module = model.to(pick_device(load)).eval()
    return [
        _measure(size, adapter, module, rows=count, written=written, turns=turns)
        for count in rows
    ]


def _measure(  # two sides and three numbers
    size: str,
    adapter: GptAdapter,
    module: Any,  # noqa: ANN401 # see `_theirs`
    *,
    rows: int,
    written: int,
    turns: int,
) -> Decoded:
    prompts = random_decoders.draw_prompts(rows, _SEED, written=written)
    ours, theirs = [], []
    for _ in range(turns + 1):
        ours.append(_timed(lambda: _ours(adapter, prompts), adapter.device))
        theirs.append(_timed(lambda: _theirs(module, prompts), adapter.device))
    pairs = zip(ours[0][1], theirs[0][1], strict=True)
    return Decoded(
        size=size,
        rows=rows,
        written=written,
        same_rows=sum(one == other for one, other in pairs),
        ours=tuple(seconds for seconds, _ in ours[1:]),
        theirs=tuple(seconds for seconds, _ in theirs[1:]),
    )


def _ours(adapter: GptAdapter, prompts: Sequence[Generate]) -> list[str]:
    texts: dict[int, str] = {}
    encoded = adapter.encode(prompts)
    for key, answer in adapter.session().answer(iter(encoded), _EVERYTHING):
        assert isinstance(answer, GenerateAnswer)
        texts[key] = answer.text
    return [texts[key] for key in range(len(prompts))]


def _theirs(
    module: Any,  # noqa: ANN401 # its `generate` has no type that can be called
    prompts: Sequence[Generate],
) -> list[str]:
    """Generate from rows padded on their left."""
    rows = [
        [int(word) % module.config.vocab_size for word in p.prompt.split()]
        for p in prompts
    ]
    longest = max(map(len, rows))
    filled = [[0] * (longest - len(row)) + row for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    with torch.inference_mode():
        found = module.generate(
            input_ids=torch.tensor(filled, device=module.device),
            attention_mask=torch.tensor(mask, device=module.device),
            max_new_tokens=prompts[0].max_tokens,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )
    return [" ".join(map(str, row[longest:])) for row in found.tolist()]


def _timed(
    work: Callable[[], list[str]], device: torch.device
) -> tuple[float, list[str]]:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started = time.perf_counter()
    made = work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started, made
