"""A built module's parts: found by a stored name, replaced, frozen, held still."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import nn


def replace_module(root: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Put a module in another's place, wherever that stands below a root."""
    for owner in list(root.modules()):
        for name, part in list(owner.named_children()):
            if part is old:
                setattr(owner, name, new)


def freeze(root: nn.Module, *, but: Collection[str]) -> None:
    """Let these parameters alone be trained."""
    for name, parameter in root.named_parameters():
        parameter.requires_grad_(name in but)


def hold_still(root: nn.Module) -> None:
    """Keep the parts without trained parameters in evaluation mode, for good.

    So nothing is dropped in what is not trained. Parts without any parameter, such as
    the dropout before a head, stay with their owner.
    """
    for part in root.children():
        trained = [parameter.requires_grad for parameter in part.parameters()]
        if trained and not any(trained):
            part.eval()
            part.train = lambda mode=True, part=part: part  # type: ignore[method-assign, misc] # on purpose
        elif any(trained):
            hold_still(part)


def match(name: str, known: Mapping[str, object]) -> str | None:
    """Return our name for a stored one, which may have or lack the body's prefix."""
    if name in known:
        return name
    near = [k for k in known if k.endswith(f".{name}") or name.endswith(f".{k}")]
    return near[0] if len(near) == 1 else None
