"""BERT of a given size, fine-tuned by the harness's own loop while a clock runs."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from benchmarks.model_flops import matmul_weights, training_flops
from benchmarks.squad_lengths import QUANTILES, draw_lengths, make_examples
from harness import Head, LoadSettings, ModelName, TrainReport
from harness.measure import peak_memory_bytes, start_peak_memory
from harness.recipe import TrainJob
from harness_bert.adapter import BertAdapter
from harness_bert.checkpoint import open_checkpoint
from harness_bert.config import read_config
from harness_bert.model import initialise
from harness_bert.modules import build_module
from harness_bert.parts import Parts
from harness_bert.tiny import TINY_CONFIG
from harness_torch.device import DTYPES, pick_device
from harness_torch.tokenizers.word_hash import WordHashTokenizer
from harness_torch.training.loop import train
from harness_torch.training.schedule import Schedule
from harness_torch.training.settings import LoopSettings

VOCABULARY = 30_522
_SEED = 1
_BERT = {**TINY_CONFIG, "vocab_size": VOCABULARY, "initializer_range": 0.02}

SIZES: Mapping[str, Mapping[str, Any]] = {
    "tiny": _BERT,
    "base": _BERT
    | {
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
    },
    "large": _BERT
    | {
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
    },
}
"""What config.json says of each size: Devlin et al. 2018, section 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What the measured steps of one model took.

    Attributes:
        parameters: of the model, word vectors and head included.
        matmul_weights: those that every token is multiplied with.
        examples: windows.
        tokens: real ones.
        flops: what the model's formula asks for.
        step_seconds: of each step; their sum is the whole time.
        micro_batch_tokens: most tokens in one forward, as memory allowed.
        peak_memory_bytes: the device's; on a CPU the process's resident memory.
    """

    parameters: int
    matmul_weights: int
    examples: int
    tokens: int
    flops: int
    step_seconds: tuple[float, ...]
    micro_batch_tokens: int | None
    peak_memory_bytes: int | None

    @property
    def seconds(self) -> float:
        """Of all measured steps together."""
        return sum(self.step_seconds)


def make_adapter(size: str, load: LoadSettings) -> BertAdapter:
    """Make a model of a size with random weights, on its device."""
    raw = SIZES[size]
    config = read_config(raw, Path(size))
    module = build_module(config, Parts())
    generator = torch.Generator().manual_seed(_SEED)
    initialise(module, std=config.initializer_range, generator=generator)
    opened = open_checkpoint(ModelName.parse("bert:tiny"))
    return BertAdapter(
        checkpoint=replace(opened, config=config, raw=raw, parts=Parts(), title=size),
        module=module.to(pick_device(load)).eval(),
        tokenizer=WordHashTokenizer(size=VOCABULARY, length=QUANTILES[-1]),
        dtype=DTYPES[load.dtype],
    )


def time_training(
    size: str,
    settings: LoopSettings,
    load: LoadSettings,
    *,
    steps: int,
    warm_up: int,
    longest: int = QUANTILES[-1],
) -> Timed:
    """Fine-tune a span head for some steps, and measure those behind the warm-up.

    Args:
        size: a key of `SIZES`.
        settings: of the loop, for one epoch.
        load: device and precision.
        steps: that are measured.
        warm_up: steps before them, 1 or more.
        longest: longer windows are cut to this.
    """
    gc.collect()  # what another size left would count
    start_peak_memory(load.device)
    adapter = make_adapter(size, load)
    lengths = draw_lengths(settings.batch_size * (warm_up + steps), _SEED, longest)
    times: list[float] = []
    # every step reads its loss, and so has waited for the device
    trained = _train(
        adapter, lengths, settings, load, lambda: times.append(time.perf_counter())
    )
    measured = _steps(lengths, settings.batch_size)[warm_up:]
    weights, raw = matmul_weights(adapter.module), SIZES[size]
    layers, width = raw["num_hidden_layers"], raw["hidden_size"]
    return Timed(
        parameters=sum(p.numel() for p in adapter.module.parameters()),
        matmul_weights=weights,
        examples=sum(map(len, measured)),
        tokens=sum(map(sum, measured)),
        flops=sum(
            training_flops(step, weights=weights, layers=layers, width=width)
            for step in measured
        ),
        step_seconds=tuple(b - a for a, b in pairwise(times[warm_up - 1 :])),
        micro_batch_tokens=trained.micro_batch_tokens,
        peak_memory_bytes=peak_memory_bytes(load.device),
    )


def _train(
    adapter: BertAdapter,
    lengths: list[int],
    settings: LoopSettings,
    load: LoadSettings,
    on_step: Callable[[], None],
) -> TrainReport:
    head = Head(kind="extract")
    module = adapter.prepare(head, seed=_SEED)
    with tempfile.TemporaryDirectory() as folder:
        job = TrainJob(
            model=adapter,
            head=head,
            examples=make_examples(lengths, _SEED),
            settings=settings,
            seed=_SEED,
            load=load,
            folder=Path(folder),
            on_step=lambda _: on_step(),
        )
        return train(job, module, settings)


def _steps(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Return the lengths that each step of one epoch holds, as the loop orders them."""
    schedule = Schedule(
        examples=len(lengths), batch_size=batch_size, epochs=1, warmup=0
    )
    return [[lengths[place] for place in places] for places in schedule.order(_SEED)]
