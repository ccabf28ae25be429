"""Linear maps of fp32 rows on the CPU, by the library that has the wider kernels.

PyTorch gives such products to MKL, which takes AVX2 kernels on CPUs that are not Intel's
even where they have AVX-512; oneDNN, which is in PyTorch too, takes what there is. On an
AMD EPYC with AVX-512 it is 1.6 to 2.3 times as fast, from the same weights as they lie
in memory. Both are fp32 throughout and differ in the order of sums alone; but summed over
a long continuation, what they make of log-probabilities differs by up to 1e-4 nats, so
it is for whoever asks to say whether that matters (`wider_kernels`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import MethodType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_WORTH_IT = 1 << 21
"""Multiplications from which the dearer call pays."""

_is_on = ContextVar("_is_on", default=False)


@contextmanager
def wider_kernels(is_on: bool = True) -> Iterator[None]:
    """Let `linear` take the wider kernels within, in inference."""
    token = _is_on.set(is_on)
    try:
        yield
    finally:
        _is_on.reset(token)


def linear(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Map rows as `torch.nn.functional.linear` does.

    Args:
        rows: ``(rows, in)``.
        weight: ``(out, in)``.
        bias: ``(out,)``, if there is one.
    """
    if (
        _is_on.get()
        and rows.ndim == 2
        and rows.dtype == torch.float32
        and rows.device.type == "cpu"
        and rows.numel() * len(weight) >= _WORTH_IT
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
    for part in module.modules():
        if type(part) is nn.Linear and "forward" not in vars(part):
            part.forward = MethodType(_forward, part)  # type: ignore[method-assign] # of this one


def _forward(layer: nn.Linear, rows: Tensor) -> Tensor:
    return linear(rows, layer.weight, layer.bias)


@cache
def _has_wider_kernels() -> bool:
    # The operator is the one that torch.compile takes; no public one takes a weight as
    # it lies in memory.
    return (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call] # by torch
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and torch.backends.cpu.get_cpu_capability() in ("AVX512", "AMX")
    )
