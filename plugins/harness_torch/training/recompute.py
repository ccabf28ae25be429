"""Compute a layer's inner values again on the way back, instead of holding them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from harness import UsageError
from harness_torch.training.layers import is_layer


def recompute_activations(module: nn.Module) -> None:
    """Hold only what goes into each layer while the module trains.

    The gradients stay what they are: dropout is drawn again as it was. A model of
    transformers does it itself; of others every layer is told to.

    Raises:
        UsageError: the module has no layers that can be told apart.
    """
    for part in module.modules():
        if getattr(part, "supports_gradient_checkpointing", False):
            _enable(part)
            return
    layers = [part for name, part in module.named_modules() if is_layer(name)]
    if not layers:
        raise UsageError(
            f"checkpoint_activations needs a model made of layers, and {type(module)} "
            "names none: leave it out, or lower micro_batch_tokens"
        )
    for layer in layers:
        layer.forward = _recomputing(layer, layer.forward)


def _enable(model: Any) -> None:  # noqa: ANN401 # a PreTrainedModel, not imported here
    # The older name warns where there is the newer one.
    newer = getattr(model, "activation_checkpointing_enable", None)
    (newer or model.gradient_checkpointing_enable)({"use_reentrant": False})


def _recomputing(layer: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
    def recomputing(*inputs: Any, **named: Any) -> Any:  # noqa: ANN401 # any layer's
        if not (layer.training and torch.is_grad_enabled()):
            return forward(*inputs, **named)
        return checkpoint(forward, *inputs, use_reentrant=False, **named)

    return recomputing
