"""How many tokens a forward may hold, by memory."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness import LoadSettings, ModelName
from harness.engine import first_budget
from harness_gpt import plugin as gpt
from harness_torch.room import tokens_in, tokens_that_fit

CPU = torch.device("cpu")


def layers() -> nn.Module:
    """Return layers that put out 1,000 numbers a token."""
    return nn.Sequential(nn.Linear(10, 700), nn.ReLU(), nn.Linear(700, 300))


@pytest.mark.parametrize(
    ("free", "dtype", "tokens"),
    [
        (40_000_000, torch.bfloat16, 10_000),  # half of it by 2,000 bytes
        (40_000_000, torch.float32, 5_000),
        (1_000, torch.float32, 2_048),
        (10**12, torch.bfloat16, 65_536),
    ],
)
def test_half_of_the_free_memory_is_shared_out(
    free: int, dtype: torch.dtype, tokens: int
) -> None:
    assert tokens_in(free, layers(), dtype) == tokens


def test_memory_that_is_kept_and_not_used_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (30_000_000, 10**9))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 15_000_000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 5_000_000)
    found = tokens_that_fit(layers(), torch.device("cuda"), torch.bfloat16)
    assert found == 10_000


def test_on_a_cpu_memory_bounds_nothing() -> None:
    model = gpt.load(ModelName.parse("gpt:tiny"), LoadSettings())
    assert tokens_that_fit(layers(), CPU, torch.float32) is None
    assert first_budget(model, None).tokens == 2048
