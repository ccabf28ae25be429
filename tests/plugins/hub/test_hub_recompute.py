"""Models of transformers recompute their activations by their own means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from harness_hub.adapter import HubAdapter
from tests.plugins.torch.test_torch_recompute import go


@pytest.mark.parametrize("architecture", ["DebertaV2ForMaskedLM", "GPT2LMHeadModel"])
def test_gradients_stay_and_less_is_held(
    make: Callable[..., Any],
    open_model: Callable[..., HubAdapter],
    architecture: str,
) -> None:
    folder = make(architecture).folder
    plain = go(open_model(folder), recomputes=False)
    saving = go(open_model(folder), recomputes=True)
    for ours, theirs in zip(saving.gradients, plain.gradients, strict=True):
        assert (ours is None) is (theirs is None)
        if ours is not None and theirs is not None:
            assert torch.allclose(ours, theirs, rtol=0, atol=1e-6)
    assert saving.held_bytes < plain.held_bytes / 2
