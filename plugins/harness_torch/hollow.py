"""Modules without values, to be filled from a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class _Undrawn(TorchFunctionMode):
    """Leaves what initialisers are given as it is."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 # whatever the function returns
        given = kwargs or {}
        if getattr(func, "__module__", "") == torch.nn.init.__name__:
            return given["tensor"] if "tensor" in given else args[0]
        return func(*args, **given)


@contextmanager
def hollow() -> Iterator[None]:
    """Make modules on the meta device, and draw nothing.

    To draw normal values there, torch would load its compiler for more than a second.
    """
    with torch.device("meta"), _Undrawn():
        yield
