"""Where in a model a parameter stands, found from the parameters' names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness import UsageError

_LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?|\w*layer_groups)\.(\d+)\.")
_EMBEDDING = re.compile(r"embed|\bw[tp]e\b|^shared\b")


def rate_scales(names: Iterable[str], decay: float) -> dict[str, float]:
    """Return what each parameter's learning rate is multiplied with.

    What stands above all layers has 1, the highest layer `decay`, the one below it
    ``decay ** 2`` and so on, the embeddings least of all (the layer-wise decay of
    Clark et al. 2020, ELECTRA, section 3.1 and appendix A). A decoder's layers stand
    above the encoder's; layers that share weights are one.

    Args:
        names: of all parameters of the model, trained or not.
        decay: of the learning rate from one layer to the one below it.

    Raises:
        UsageError: no name tells a layer.
    """
    known = list(names)
    if decay == 1:
        return dict.fromkeys(known, 1.0)
    depths = _depths(known)
    top = max(depths.values(), default=0) + 1
    if top == 1:
        raise UsageError(
            "layer_decay needs a model whose parameters' names tell their layer, such "
            f"as layer.3., but they are like {', '.join(known[:2])}: leave layer_decay "
            "at 1"
        )
    return {name: decay ** (top - depths.get(name, top)) for name in known}


def is_layer(name: str) -> bool:
    """Tell whether a module of this name is a whole layer, no part of one."""
    layer = _LAYER.search(f"{name}.")
    return layer is not None and layer.end() == len(name) + 1


def _depths(names: Iterable[str]) -> dict[str, int]:
    """Return the depth of embeddings (0) and of what stands in layers (1 and more)."""
    stacks: dict[str, int] = {}
    found: dict[str, tuple[str, int]] = {}
    depths: dict[str, int] = {}
    for name in names:
        if layer := _LAYER.search(name):
            stack, number = name[: layer.start(1)], int(layer[1])
            stacks[stack] = max(stacks.get(stack, 0), number + 1)
            found[name] = (stack, number)
        elif _EMBEDDING.search(name):
            depths[name] = 0
    below = 0
    for stack, height in stacks.items():
        own = {n: below + number + 1 for n, (s, number) in found.items() if s == stack}
        depths |= own
        below += height
    return depths
