"""Recomputed activations take less memory and give the same gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from harness import Head, LoadSettings, ModelName, TrainingExample, UsageError
from harness.requests import Classify, ClassifyAnswer
from harness_bert.plugin import load as load_bert
from harness_gpt.plugin import load as load_gpt
from harness_t5.plugin import load as load_t5
from harness_torch.training.recompute import recompute_activations
from tests.plugins.torch.slopes import run

HEAD = Head(kind="classify", labels=("no", "yes"))
SHOWN = [
    TrainingExample(
        request=Classify(text="a few words " * n, labels=HEAD.labels),
        answer=ClassifyAnswer(probabilities=(1.0, 0.0)),
    )
    for n in (2, 7)
]
FAMILIES = [(load_bert, "bert:tiny"), (load_gpt, "gpt:tiny"), (load_t5, "t5:tiny")]


class Pass(NamedTuple):
    """What a forward and a backward pass left, and what was held between them."""

    gradients: list[Tensor | None]
    held_bytes: int


def go(adapter: Any, *, recomputes: bool) -> Pass:
    """Pass through a model in training, dropout included."""
    module = adapter.prepare(HEAD, seed=1).train()
    if recomputes:
        recompute_activations(module)
    weights = {p.untyped_storage().data_ptr() for p in module.parameters()}
    held = 0

    def hold(tensor: Tensor) -> Tensor:
        nonlocal held
        if tensor.untyped_storage().data_ptr() not in weights:
            held += tensor.nbytes
        return tensor

    batch = adapter.encode_training(SHOWN)
    torch.manual_seed(3)
    with torch.autograd.graph.saved_tensors_hooks(hold, lambda tensor: tensor):
        loss = adapter.loss(batch)
    loss.total.backward()
    return Pass([p.grad for p in module.parameters()], held)


@pytest.mark.parametrize(("load", "model"), FAMILIES)
def test_gradients_stay_and_less_is_held(load: Any, model: str) -> None:
    name = ModelName.parse(model)
    plain = go(load(name, LoadSettings()), recomputes=False)
    saving = go(load(name, LoadSettings()), recomputes=True)
    for ours, theirs in zip(saving.gradients, plain.gradients, strict=True):
        assert (ours is None) is (theirs is None)
        if ours is not None and theirs is not None:
            assert torch.equal(ours, theirs)
    assert saving.held_bytes < plain.held_bytes / 2


def test_a_module_without_layers_is_refused() -> None:
    with pytest.raises(UsageError, match=r"needs a model made of layers, and .*Seq"):
        run(checkpoint_activations=True)
