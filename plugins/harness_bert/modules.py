"""A model's module: built from its architecture, loaded, drawn, given another head."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from harness import LoadSettings
from harness_bert.albert import AlbertWithHeads
from harness_bert.checkpoint import BertCheckpoint
from harness_bert.config import BertConfig
from harness_bert.distilbert import DistilBertWithHeads
from harness_bert.model import BertWithHeads, initialise, initialise_part
from harness_bert.parts import Parts
from harness_bert.roberta import RobertaWithHeads
from harness_bert.tiny import tiny_scale
from harness_torch.checkpoint import load_strictly, read_tensors
from harness_torch.hollow import hollow

Module = BertWithHeads | RobertaWithHeads | AlbertWithHeads | DistilBertWithHeads

MODULES: Mapping[str, Callable[[BertConfig, Parts], Module]] = {
    "bert": BertWithHeads,
    "roberta": RobertaWithHeads,
    "albert": AlbertWithHeads,
    "distilbert": DistilBertWithHeads,
}


def build_module(config: BertConfig, parts: Parts) -> Module:
    """Make the module that a configuration names."""
    return MODULES[config.family.architecture](config, parts)


def load_module(checkpoint: BertCheckpoint, settings: LoadSettings) -> Module:
    """Load a checkpoint's weights, or draw those of `bert:tiny`.

    Raises:
        CheckpointError: the weights don't fit.
    """
    if checkpoint.weights is None or checkpoint.folder is None:
        return _draw_tiny(checkpoint, settings.seed)
    with hollow():
        module = build_module(checkpoint.config, checkpoint.parts)
    tensors = read_tensors(
        checkpoint.weights, checkpoint.names, is_mapped=settings.dtype == "fp32"
    )
    load_strictly(module, tensors, origin=checkpoint.folder)
    return module


def with_parts(
    module: Module,
    config: BertConfig,
    parts: Parts,
    generator: torch.Generator,
    *,
    keeps: tuple[str, ...] = (),
) -> Module:
    """Return a module with the same body and these parts; what is new is drawn.

    The weights of the body stay where they are; both modules share them.

    Args:
        module: has the body.
        config: its configuration.
        parts: what the new module has on top.
        generator: draws what is new.
        keeps: what the names of parameters begin with that are kept beside the body's.
    """
    shared = (f"{config.family.architecture}.", *keeps)
    kept = {k: v for k, v in module.state_dict().items() if k.startswith(shared)}
    device = next(module.parameters()).device
    with hollow():
        fresh = build_module(config, parts)
    for name, part in fresh.named_modules():
        own = {f"{name}.{own}" for own, _ in part.named_parameters(recurse=False)}
        if own and not own & kept.keys():
            part.to_empty(device=torch.device("cpu"), recurse=False)
            initialise_part(part, std=config.initializer_range, generator=generator)
    taken = {name: kept[name] for name in fresh.state_dict() if name in kept}
    fresh.load_state_dict(taken, strict=False, assign=True)
    return fresh.to(device).train(module.training)


def _draw_tiny(checkpoint: BertCheckpoint, seed: int) -> Module:
    config = checkpoint.config
    module = build_module(config, checkpoint.parts)
    generator = torch.Generator().manual_seed(seed)
    initialise(module, std=config.initializer_range, generator=generator)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.mul_(tiny_scale(name))
    return module
