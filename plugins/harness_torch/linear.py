"""Linear maps of fp32 rows on the CPU, by the library that has the wider kernels.

PyTorch gives such products to MKL, which takes AVX2 kernels on CPUs that are not Intel's
even where they have AVX-512; oneDNN, which is in PyTorch too, takes what there is. On an
AMD EPYC with AVX-512 it is 1.6 to 2.3 times as fast, from the same weights as they lie
in memory. Both are fp32 throughout and differ in the order of sums alone, by rounding.

What is rounded early passes through all layers after it. Log-probabilities of endings
that SmolLM2-135M is asked as HellaSwag asks them differ from lm-evaluation-harness' by
1.6e-5 nats (root mean square) without these kernels, by 2.6e-5 if they map everything,
and by 2.0e-5, at the same speed, if the first eighth of the layers and the output layer
are left out. So whoever asks says how exact an answer must be (`wider_kernels`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from types import MethodType
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_WORTH_IT = 1 << 16
"""Weights from which the dearer call pays. How many rows there are must not count: an
answer would depend on its batch by as much as the two libraries differ."""

_EARLY = 1 / 8
"""Share of the layers whose rounding matters most."""

Exactness = Literal["usual", "near", "full"]

_exactness: ContextVar[Exactness] = ContextVar("_exactness", default="full")


@contextmanager
def wider_kernels(exactness: Exactness) -> Iterator[None]:
    """Let `linear` take the wider kernels within, in inference.

    Args:
        exactness: ``usual`` takes them everywhere, ``near`` but for early layers and
            what has no depth, ``full`` nowhere.
    """
    token = _exactness.set(exactness)
    try:
        yield
    finally:
        _exactness.reset(token)


def linear(
    rows: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    depth: float | None = None,
) -> Tensor:
    """Map rows as `torch.nn.functional.linear` does.

    Args:
        rows: ``(rows, in)``.
        weight: ``(out, in)``.
        bias: ``(out,)``, if there is one.
        depth: the share of a model's layers that come before, None where that isn't
            said, as of an output layer.
    """
    if (
        _may_widen(depth)
        and rows.ndim == 2
        and rows.dtype == torch.float32
        and rows.device.type == "cpu"
        and weight.numel() >= _WORTH_IT
        and len(rows) > 0
        and weight.dtype == torch.float32
        and torch.is_inference_mode_enabled()
        and not torch.is_autocast_enabled("cpu")
        and _has_wider_kernels()
    ):
        mapped: Tensor = torch.ops.mkldnn._linear_pointwise(
            rows.contiguous(), weight, bias, "none", [], ""
        )
        return mapped
    return F.linear(rows, weight, bias)


def quicken(module: nn.Module) -> None:
    """Let the linear layers of a module map by `linear` from now on.

    Their class stays what it is, which libraries look at; so do gradients.
    """
    layers = [part for part in module.modules() if type(part) is nn.Linear]
    for place, layer in enumerate(layers):
        if "forward" not in vars(layer):
            own = partial(_forward, depth=place / len(layers))
            layer.forward = MethodType(own, layer)  # type: ignore[method-assign] # of this one


def _forward(layer: nn.Linear, rows: Tensor, *, depth: float) -> Tensor:
    return linear(rows, layer.weight, layer.bias, depth=depth)


def _may_widen(depth: float | None) -> bool:
    exactness = _exactness.get()
    is_late = depth is not None and depth >= _EARLY
    return exactness == "usual" or (exactness == "near" and is_late)


@cache
def _has_wider_kernels() -> bool:
    # The operator is the one that torch.compile takes; no public one takes a weight as
    # it lies in memory.
    return (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call] # by torch
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and torch.backends.cpu.get_cpu_capability() in ("AVX512", "AMX")
    )
