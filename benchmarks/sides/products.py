"""The other side of an encoder's share of the GEMM rate: its matrix products alone.

As many floating-point operations as the model's formula asks for the real tokens of the
items, done as products of the feed-forward layers' shapes with no work between them, by
whichever of torch's two libraries is the faster here.
Of the last layer only what is needed counts: where a head reads first tokens, keys and
values of all tokens, and all else of those.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from transformers import AutoConfig, AutoTokenizer, PretrainedConfig

from benchmarks.beside.worker import Settings, Work, read_items, serve
from benchmarks.sides.transformers_pairs import tokenise
from harness_torch.linear import Exactness, linear, wider_kernels

ROWS = 1024
"""Tokens of a product, as many as a batch may have."""


class Size(NamedTuple):
    """An encoder's layers, their width, and that of their feed-forward sublayers."""

    layers: int
    width: int
    inner: int


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    config: PretrainedConfig = AutoConfig.from_pretrained(settings["model"])
    size = Size(config.num_hidden_layers, config.hidden_size, config.intermediate_size)
    tokenizer = AutoTokenizer.from_pretrained(settings["model"])
    rows = tokenise(tokenizer, read_items(settings), settings["longest"])
    lengths = [len(row["input_ids"]) for row in rows]
    left = torch.randn(ROWS, size.width)
    up, down = torch.randn(size.inner, size.width), torch.randn(size.width, size.inner)
    pairs = encoder_flops(lengths, size) / (4 * ROWS * size.width * size.inner)

    @torch.inference_mode()
    def multiply(times: int, kernels: Exactness) -> None:
        with wider_kernels(kernels):
            for _ in range(times):
                linear(linear(left, up), down)

    known: tuple[Exactness, ...] = ("full", "usual")
    kernels = min(known, key=lambda own: _seconds(multiply, own))

    def work() -> list[int]:
        multiply(round(pairs), kernels)
        return lengths

    return work


def _seconds(multiply: Callable[[int, Exactness], None], kernels: Exactness) -> float:
    """Return what a few products take after one that warms up."""
    multiply(1, kernels)
    started = time.process_time()
    multiply(10, kernels)
    return time.process_time() - started


def encoder_flops(lengths: Iterable[int], size: Size) -> int:
    """Return the operations of a forward that a head reads the first tokens of."""
    layers, width, inner = size
    token = 2 * (4 * width * width + 2 * width * inner)
    last = 2 * 2 * width * width  # keys and values
    return sum(
        n * ((layers - 1) * (token + 4 * n * width) + last)
        + token
        - last
        + 4 * n * width
        for n in lengths
    )


if __name__ == "__main__":
    serve(prepare)
