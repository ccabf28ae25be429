"""What a language model says at chosen positions, without all the vocabulary's logits.

Where the output layer is all that follows the hidden states, these are taken and the
layer is applied to few rows at a time. Where something follows it (a cap, a scale, a
bias), the model's own forward is led to apply the layer to the chosen rows alone. Both
are compared with the model's own logits before they are trusted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from harness_hub.batches import is_close

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Input = Tensor | tuple[Tensor, ...]
Inputs = Mapping[str, Input]
_ROUNDING = {torch.float32: 1e-5, torch.float64: 1e-9}
_LOW_ROUNDING = 1e-2  # of bf16 and fp16
_Way = Callable[["OutputRows", Inputs, Sequence[Sequence[int]]], list[Tensor]]


class OutputRows:
    """Computes rows that `project` turns into logits.

    Args:
        module: a model with a language-modelling head.
    """

    def __init__(self, module: PreTrainedModel) -> None:
        self._module = module
        self._layer: nn.Module | None = module.get_output_embeddings()
        self._way: _Way | None = None
        takes = inspect.signature(module.forward).parameters
        self._options = {"use_cache": False} if "use_cache" in takes else {}

    @property
    def rounding(self) -> float:
        """The share by which one layer's outputs may differ in the model's precision."""
        return _ROUNDING.get(self._module.dtype, _LOW_ROUNDING)

    def project(self, rows: Tensor) -> Tensor:
        """Return logits, ``(rows, vocabulary)``."""
        if self._way is OutputRows._hidden and self._layer is not None:
            logits: Tensor = self._layer(rows)
            return logits
        return rows

    def take(self, inputs: Inputs, wanted: Sequence[Sequence[int]]) -> list[Tensor]:
        """Return rows at some positions, ``(positions, width or vocabulary)`` each.

        Args:
            inputs: of the model's forward.
            wanted: for each text of the batch, the positions that are asked.
        """
        if not any(wanted):
            return [torch.empty(0, 0) for _ in wanted]
        if self._way is None:
            is_training = self._module.training
            self._module.eval()  # dropout would keep the ways apart
            with torch.no_grad():
                self._way = self._find_way(inputs, wanted)
            self._module.train(is_training)
        return self._way(self, inputs, wanted)

    def _find_way(self, inputs: Inputs, wanted: Sequence[Sequence[int]]) -> _Way:
        """Compare the ways on the first text that something is asked of."""
        place = next(i for i, asked in enumerate(wanted) if asked)
        if self._layer is None:
            return OutputRows._whole
        one = {name: _only(value, place) for name, value in inputs.items()}
        asked = [wanted[place]]
        (expected,) = self._whole(one, asked)
        for way in (OutputRows._hidden, OutputRows._narrowed):
            self._way = way
            try:
                (rows,) = way(self, one, asked)
                logits = self.project(rows)
            except (RuntimeError, ValueError, IndexError):  # not made for such shapes
                continue
            if is_close(logits, expected, self.rounding):
                return way
        return OutputRows._whole

    def _hidden(self, inputs: Inputs, wanted: Sequence[Sequence[int]]) -> list[Tensor]:
        """Take what goes into the output layer, and give that little to do."""
        taken: list[Tensor] = []

        def look(_: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            taken.append(arguments[0])
            return (arguments[0][..., :1, :], *arguments[1:])

        self._forward(inputs, look)
        if not taken or taken[0].dim() != 3 or len(taken[0]) != len(wanted):
            return [torch.empty(0) for _ in wanted]
        return [
            hidden[list(asked)] for hidden, asked in zip(taken[0], wanted, strict=True)
        ]

    def _narrowed(
        self, inputs: Inputs, wanted: Sequence[Sequence[int]]
    ) -> list[Tensor]:
        """Lead the model to compute logits of the asked positions alone."""
        rows = [row for row, asked in enumerate(wanted) for _ in asked]
        places = [place for asked in wanted for place in asked]

        def narrow(_: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            hidden = arguments[0]
            if hidden.dim() != 3 or not rows:
                return arguments
            return (hidden[rows, places].unsqueeze(0), *arguments[1:])

        logits = self._forward(inputs, narrow)[0]
        return list(logits.split([len(asked) for asked in wanted]))

    def _whole(self, inputs: Inputs, wanted: Sequence[Sequence[int]]) -> list[Tensor]:
        """Compute all logits, of one text at a time."""
        found = []
        for place, asked in enumerate(wanted):
            one = {name: _only(value, place) for name, value in inputs.items()}
            found.append(self._forward(one, None)[0, list(asked)])
        return found

    def _forward(self, inputs: Inputs, hook: Callable[..., Any] | None) -> Tensor:
        """Return logits, with a hook that may change what the output layer gets."""
        handle = (
            self._layer.register_forward_pre_hook(hook)
            if hook is not None and self._layer is not None
            else None
        )
        try:
            logits: Tensor = self._module(**inputs, **self._options).logits
        finally:
            if handle is not None:
                handle.remove()
        return logits


def _only(value: Input, place: int) -> Input:
    """Return what an input says of one text."""
    if isinstance(value, tuple):
        return tuple(part[place : place + 1] for part in value)
    return value[place : place + 1]
