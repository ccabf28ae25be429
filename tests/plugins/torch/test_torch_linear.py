"""Linear maps by oneDNN are those by MKL, and take part only where they should."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from harness_torch.linear import linear, quicken, wider_kernels

OWN = "mkldnn::_linear_pointwise"

needs_wider = pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() not in ("AVX512", "AMX"),
    reason="needs a CPU with AVX-512",
)


def some(rows: int, width: int = 96, out: int = 1024) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(rows)
    return torch.randn(rows, width), torch.randn(out, width), torch.randn(out)


def called(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> set[str]:
    """Return the names of the operators that a map takes."""
    with wider_kernels("usual"), profile(activities=[ProfilerActivity.CPU]) as kept:
        linear(rows, weight, bias)
    return {event.key for event in kept.key_averages()}


@pytest.mark.parametrize("rows", [0, 1, 33, 301])
@pytest.mark.parametrize("is_strided", [False, True])
@torch.inference_mode()
def test_rows_are_mapped_as_in_double_precision(rows: int, is_strided: bool) -> None:
    states, weight, bias = some(rows)
    if is_strided:
        states = torch.stack([states, states], dim=1)[:, 1]
    for own in (None, bias):
        exact = F.linear(
            states.double(), weight.double(), None if own is None else own.double()
        )
        with wider_kernels("usual"):
            made = linear(states, weight, own).double()
        assert torch.allclose(made, exact, rtol=1e-5, atol=1e-4)


@needs_wider
@torch.inference_mode()
def test_the_wider_kernels_take_what_is_worth_it_whatever_the_batch() -> None:
    assert OWN in called(*some(64))
    assert OWN in called(*some(1))
    assert OWN not in called(*some(64, out=64))
    with wider_kernels("usual"), wider_kernels("full"):
        made = linear(*some(64))
    assert torch.equal(made, F.linear(*some(64)))


@needs_wider
def test_gradients_and_other_precisions_go_the_usual_way() -> None:
    rows, weight, bias = some(64)
    assert OWN not in called(rows, weight, bias)
    with torch.inference_mode():
        assert OWN not in called(rows.double(), weight.double())
        with torch.autocast("cpu", torch.bfloat16):
            assert OWN not in called(rows, weight)


@needs_wider
@torch.inference_mode()
def test_quickened_layers_map_by_the_wider_kernels_and_stay_what_they_are() -> None:
    layer = nn.Linear(96, 1024)
    before, rows = layer.state_dict(), some(64)[0]
    expected = layer(rows)
    quicken(nn.Sequential(layer))
    quicken(nn.Sequential(layer))
    with wider_kernels("usual"), profile(activities=[ProfilerActivity.CPU]) as kept:
        made = layer(rows)
    assert OWN in {event.key for event in kept.key_averages()}
    assert torch.allclose(made, expected, rtol=1e-5, atol=1e-5)
    assert type(layer) is nn.Linear
    assert layer.state_dict().keys() == before.keys()


@needs_wider
@torch.inference_mode()
def test_near_exactness_leaves_early_layers_and_the_output_layer_as_they_are() -> None:
    layers = nn.Sequential(*(nn.Linear(256, 256) for _ in range(16)))
    quicken(layers)
    rows, weight, _ = some(64)
    with wider_kernels("near"), profile(activities=[ProfilerActivity.CPU]) as kept:
        layers(torch.randn(64, 256))
        linear(rows, weight)
    calls = {event.key: event.count for event in kept.key_averages()}
    assert calls[OWN] == 14
    assert calls["aten::linear"] == 3


def test_quickened_layers_have_the_same_gradients() -> None:
    rows = some(64)[0]
    layer = nn.Linear(96, 1024)
    quicken(layer)
    with wider_kernels("usual"):
        layer(rows).sum().backward()
    assert layer.weight.grad is not None
    assert torch.allclose(layer.weight.grad, rows.sum(0).expand(1024, 96), atol=1e-4)
