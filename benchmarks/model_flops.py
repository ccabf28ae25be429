"""The floating-point operations that a model's formula asks for, and what a device can.

Counted as Chowdhery et al. 2022 (PaLM, appendix B) count model FLOP/s utilisation: what
the mathematics of a forward and a backward needs, whatever is computed beside it.
Nothing is counted for padding, for values that are computed again, for biases, norms,
activations and dropout, or for looking up word vectors.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import nn


class Shape(NamedTuple):
    """A product of matrices: ``(rows, inner)`` with ``(inner, columns)``."""

    rows: int
    inner: int
    columns: int

    @property
    def flops(self) -> int:
        """A multiplication and an addition for each of its terms."""
        return 2 * self.rows * self.inner * self.columns

    def __str__(self) -> str:
        return " x ".join(map(str, self))


class Measured(NamedTuple):
    """A product, and the FLOP/s that it reached."""

    shape: Shape
    flops_per_s: float


def matmul_weights(module: nn.Module) -> int:
    """Count the weights that every token is multiplied with: those of linear layers."""
    layers = (part for part in module.modules() if isinstance(part, nn.Linear))
    return sum(layer.weight.numel() for layer in layers)


def training_flops(
    lengths: Iterable[int], *, weights: int, layers: int, width: int
) -> int:
    """Return the operations of a forward and a backward over whole sequences.

    6 for each weight and token; for attention 12 L^2 C in each layer: scores and the
    mixing of values take 2 L^2 C each, and the way back twice as much.

    Args:
        lengths: real tokens of each sequence.
        weights: of the linear layers that each token goes through.
        layers: how many have attention.
        width: of the model, all heads together.
    """
    per_square = 12 * layers * width
    return sum(6 * weights * n + per_square * n * n for n in lengths)


class Read(NamedTuple):
    """What a forward is asked, padding left out.

    Attributes:
        tokens: real ones.
        pairs: of a token and one that it attends to, causal or not: the squares of
            whole sequences.
        rows: projected to the vocabulary.
    """

    tokens: int
    pairs: int
    rows: int = 0


class Body(NamedTuple):
    """A model's sizes, as far as its formula goes.

    Attributes:
        layers: how many have attention.
        width: of the model, all heads together.
        weights: those of a layer's products.
        vocabulary: rows of the output layer.
    """

    layers: int
    width: int
    weights: int
    vocabulary: int = 0


def forward_flops(read: Read, body: Body) -> int:
    """Return the operations of a forward.

    2 for each weight and token; 4 C in each layer for each pair that attention meets;
    2 C V for each row that is projected to the vocabulary. All layers count in full,
    also where the last is computed for few tokens.
    """
    attention = 4 * body.width * body.layers * read.pairs
    products = 2 * body.weights * body.layers * read.tokens
    return products + attention + 2 * body.width * body.vocabulary * read.rows


def peak_shapes(
    tokens: int, width: int, inner: int, squares: Sequence[int]
) -> list[Shape]:
    """Return squares, and the shapes of a layer's products with so many tokens."""
    return [
        *(Shape(size, size, size) for size in squares),
        Shape(tokens, width, width),
        Shape(tokens, width, inner),
        Shape(tokens, inner, width),
    ]


def measure_peak(
    shapes: Sequence[Shape],
    *,
    device: torch.device,
    dtype: torch.dtype,
    repeats: int = 20,
) -> list[Measured]:
    """Return what each product reaches on a device, by its median time, best first."""
    found = []
    for shape in shapes:
        left = torch.randn(shape.rows, shape.inner, device=device, dtype=dtype)
        right = torch.randn(shape.inner, shape.columns, device=device, dtype=dtype)
        seconds = _times(lambda a=left, b=right: a @ b, device, repeats)  # type: ignore[misc] # binds the loop's own
        found.append(Measured(shape, shape.flops / statistics.median(seconds)))
    return sorted(found, key=lambda one: one.flops_per_s, reverse=True)


def _times(
    work: Callable[[], object], device: torch.device, repeats: int
) -> list[float]:
    """Return the seconds of each repetition, after a quarter as many to warm up."""
    for _ in range(max(1, repeats // 4)):
        work()
    if device.type != "cuda":
        return [_clock(work) for _ in range(repeats)]
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(repeats + 1)]
    marks[0].record()
    for mark in marks[1:]:
        work()
        mark.record()
    torch.cuda.synchronize(device)
    return [before.elapsed_time(after) / 1000 for before, after in pairwise(marks)]


def _clock(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
