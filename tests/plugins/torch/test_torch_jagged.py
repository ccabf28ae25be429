"""Attention without padding in one kernel equals that of each sequence alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from harness_torch.attention import attend
from harness_torch.jagged import attend_jagged, is_worth_it
from harness_torch.packed import Packed, pack

CPU = torch.device("cpu")
LENGTHS = (4, 4, 1, 9, 2)

# PyTorch says so on the CPU alone, where it answers by its older nested tensors.
pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")


def batch(device: torch.device = CPU, *, is_padded: bool = True) -> Packed:
    return pack([[0] * n for n in LENGTHS], device=device, is_padded=is_padded)


def gradients(
    attention: Callable[[Tensor, Tensor, Tensor], Tensor], key_heads: int = 4
) -> list[Tensor]:
    torch.manual_seed(1)
    shapes = [(sum(LENGTHS), heads, 8) for heads in (4, key_heads, key_heads)]
    states = [torch.randn(shape, requires_grad=True) for shape in shapes]
    attended = attention(*states)
    return [attended, *torch.autograd.grad(attended.square().sum(), states)]


@pytest.mark.parametrize("key_heads", [4, 2])
def test_jagged_attention_and_its_gradients_equal_unpadded_ones(key_heads: int) -> None:
    jagged = gradients(lambda q, k, v: attend_jagged(q, k, v, batch()), key_heads)
    alone = batch(is_padded=False)
    usual = gradients(lambda q, k, v: attend(q, k, v, alone), key_heads)
    for ours, reference in zip(jagged, usual, strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-5, atol=1e-5)


def test_scores_are_scaled_as_asked() -> None:
    jagged = gradients(lambda q, k, v: attend_jagged(q, k, v, batch(), scale=0.3))
    alone = batch(is_padded=False)
    usual = gradients(lambda q, k, v: attend(q, k, v, alone, scale=0.3))
    torch.testing.assert_close(jagged[0], usual[0])


def test_on_the_cpu_it_is_not_worth_it() -> None:
    query = torch.zeros(2, 1, 8, dtype=torch.bfloat16, requires_grad=True)
    assert not is_worth_it(query)


def test_batches_with_masks_of_their_own_are_not_plain() -> None:
    rows = [[0] * n for n in LENGTHS]
    causal = pack(rows, device=CPU, is_causal=True, is_padded=True)
    sights = [torch.ones(n, n, dtype=torch.bool) for n in LENGTHS]
    seeing = batch().seeing(sights, [0] * sum(LENGTHS))
    one_length = pack([[0, 0], [0, 0]], device=CPU, is_padded=True)
    assert batch().is_plain
    assert not any(one.is_plain for one in (causal, seeing, one_length))


def test_padded_causal_attention_needs_no_mask() -> None:
    rows = [[0] * n for n in LENGTHS]
    causal = pack(rows, device=CPU, is_causal=True, is_padded=True)
    assert causal.groups[0].allowed is None
    alone = pack(rows, device=CPU, is_causal=True, is_padded=False)
    padded = gradients(lambda q, k, v: attend(q, k, v, causal))
    usual = gradients(lambda q, k, v: attend(q, k, v, alone))
    for ours, reference in zip(padded, usual, strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_half_precision_gradients_equal_padded_ones() -> None:
    device = torch.device("cuda")
    packed = batch(device)

    def on_gpu(
        attention: Callable[..., Tensor],
    ) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        def attended(*states: Tensor) -> Tensor:
            half = [x.to(device, torch.bfloat16) for x in states]
            return attention(*half, packed).float().cpu()

        return attended

    jagged = gradients(on_gpu(attend_jagged))
    alone = batch(is_padded=False)
    usual = gradients(lambda q, k, v: attend(q, k, v, alone))
    for ours, reference in zip(jagged, usual, strict=True):
        torch.testing.assert_close(ours, reference, rtol=0.05, atol=0.05)
