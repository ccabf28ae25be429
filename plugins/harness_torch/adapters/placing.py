"""Putting a trained adapter on its base model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from harness import CheckpointError, Head, LoadSettings, ModelName
from harness_torch.adapters.bottleneck import Bottleneck, width_of
from harness_torch.adapters.cards import check_base
from harness_torch.adapters.folder import PROMPT, TENSORS, Adapter, read_adapter
from harness_torch.adapters.naming import split_name
from harness_torch.adapters.prompts import put_prompt
from harness_torch.adapters.surgery import match, replace_module
from harness_torch.adapters.targets import is_turned
from harness_torch.allocation import keep_imports
from harness_torch.heads.labels import count_outputs
from harness_torch.heads.probe import ProbeLayer, Probing
from harness_torch.prefix import find_prefixes
from harness_torch.trainable import TrainableAdapter

_SHOWN = 3

ModelT = TypeVar("ModelT", bound=TrainableAdapter[Any, Any, Any])


def load_named(
    name: ModelName,
    settings: LoadSettings,
    load: Callable[[ModelName, LoadSettings], ModelT],
) -> ModelT:
    """Load a model, with its adapter where the name has one.

    A built-in base is drawn from the seed that the adapter was trained on.

    Args:
        name: the model's name.
        settings: device, precision and seed.
        load: loads a model without an adapter.

    Raises:
        UsageError: an option or the device is wrong.
        CheckpointError: the base or the adapter can't be used, or they don't belong
            together.
    """
    keep_imports()
    named = split_name(name)
    if named is None:
        return load(name, settings)
    adapter = read_adapter(named.adapter)
    if adapter.base is not None and adapter.base.seed is not None:
        settings = replace(settings, seed=adapter.base.seed)
    model = load(named.base, settings)
    check_base(adapter, model.base)
    place(model, adapter)
    model.title = str(name)
    model.refresh()
    return model


def place(model: TrainableAdapter[Any, Any, Any], adapter: Adapter) -> None:
    """Put an adapter on a model: its head, and what it changes of the body.

    Raises:
        CheckpointError: it does not fit the model.
    """
    if adapter.head is not None and adapter.reads is not None:
        layer = _probe_layer(model, adapter, adapter.head)
        model.take_probe(adapter.head, Probing(layer, adapter.reads))
    elif adapter.head is not None:
        model.take_head(adapter.head, seed=0)
    tensors = _read(adapter, model.device)
    _Placing(model, adapter, tensors).run()
    model.carry(adapter)


def _probe_layer(
    model: TrainableAdapter[Any, Any, Any], adapter: Adapter, head: Head
) -> ProbeLayer:
    """Return a layer of a probe's shape; where that is not told, placing refuses it."""
    stored = adapter.tensors.get("probe.mean")
    inputs = stored.size if stored else 0
    layer = ProbeLayer(inputs, count_outputs(head, model.title))
    return layer.to(model.device)


class _Placing:
    def __init__(
        self,
        model: TrainableAdapter[Any, Any, Any],
        adapter: Adapter,
        tensors: Mapping[str, Tensor],
    ) -> None:
        self._model = model
        self._adapter = adapter
        self._tensors = tensors
        self._known = dict(model.module.named_parameters())

    def run(self) -> None:
        with torch.no_grad():
            self._put_whole()
            if self._adapter.method == "lora":
                self._merge()
            elif self._adapter.method == "adapter":
                self._detour()
            elif self._adapter.virtual_tokens:
                self._prompt()
            elif self._adapter.method == "prompt-tuning":
                self._prefix()

    def _put_whole(self) -> None:
        """Put parameters in place that are trained as a whole, all of a fresh head."""
        added = self._adapter.added
        ours = {name: match(name, self._known) for name in added}
        lost = [name for name, own in ours.items() if own is None]
        lost += sorted(self._model.fresh.difference(filter(None, ours.values())))
        if lost:
            raise self._misfit(lost)
        for name, own in ours.items():
            self._copy(self._tensors[name], self._known[str(own)], str(own))

    def _copy(self, tensor: Tensor, parameter: nn.Parameter, name: str) -> None:
        own = self._model.stored(name, parameter)
        if own.shape != tensor.shape:
            raise self._misfit([name])
        own.copy_(tensor)

    def _merge(self) -> None:
        """Add the product of each pair of small matrices to its layer's matrix."""
        alpha = float(self._adapter.config["lora_alpha"])
        is_stable = bool(self._adapter.config.get("use_rslora"))
        for path in self._paths(".lora_A.weight"):
            down = self._tensors[f"{path}.lora_A.weight"]
            up = self._tensor(f"{path}.lora_B.weight")
            rank = len(down)
            scale = alpha / (rank**0.5 if is_stable else rank)
            layer = self._layer(path)
            weight = layer.get_parameter("weight")
            change = scale * (up @ down)
            change = change.T if is_turned(layer) else change
            if change.shape != weight.shape:
                raise self._misfit([path])
            weight.copy_((weight.float() + change).to(weight.dtype))

    def _detour(self) -> None:
        for path in self._paths(".adapter_down.weight"):
            layer = self._layer(path)
            down = self._tensors[f"{path}.adapter_down.weight"]
            made = Bottleneck(
                layer,
                width=width_of(layer),
                units=len(down),
                activation=self._adapter.config["activation"],
            ).to(down.device)
            for name, parameter in made.named_parameters():
                if name.startswith("adapter_"):
                    self._copy(self._tensor(f"{path}.{name}"), parameter, path)
            replace_module(self._model.module, layer, made)

    def _prompt(self) -> None:
        prompt = self._tensor(PROMPT)[: self._adapter.virtual_tokens]
        words = self._model.words()
        if prompt.shape[1:] != words.weight.shape[1:]:
            raise self._misfit([PROMPT])
        put_prompt(self._model.module, words, prompt)
        self._model.prompt(len(prompt))

    def _prefix(self) -> None:
        """Put keys and values into every layer that takes some."""
        places = find_prefixes(self._model.module)
        paths = self._paths(".prefix.keys")
        if {f"{path}.prefix" for path in paths} != set(places):
            raise self._misfit([f"{path}.keys" for path in sorted(places)] or paths)
        for path, place in places.items():
            keys, values = (self._tensor(f"{path}.{p}") for p in ("keys", "values"))
            shape = (len(keys), place.heads, place.size)
            if keys.shape != shape or values.shape != shape:
                raise self._misfit([path])
            place.put(keys, values)

    def _paths(self, ending: str) -> list[str]:
        return [
            name.removesuffix(ending)
            for name in sorted(self._tensors)
            if name.endswith(ending)
        ]

    def _tensor(self, name: str) -> Tensor:
        if name not in self._tensors:
            raise self._misfit([name])
        return self._tensors[name]

    def _layer(self, path: str) -> nn.Module:
        own = match(f"{path}.weight", self._known)
        if own is None:
            raise self._misfit([path])
        layer: nn.Module = self._model.module.get_submodule(own.removesuffix(".weight"))
        return layer

    def _misfit(self, names: Sequence[str]) -> CheckpointError:
        more = ", ..." if len(names) > _SHOWN else ""
        return CheckpointError(
            f"the adapter {self._adapter.folder} does not fit {self._model.title}: "
            f"{len(names)} of its or the head's parameters are missing or of another "
            f"shape ({', '.join(names[:_SHOWN])}{more}), so put the base that it was "
            "trained on before the plus sign"
        )


def _read(adapter: Adapter, device: torch.device) -> dict[str, Tensor]:
    path = adapter.folder / TENSORS
    try:
        with safe_open(path, framework="pt") as file:
            # A copy: the library maps the file, which may change or go.
            return {
                ours: file.get_tensor(stored).to(device, torch.float32, copy=True)
                for ours, stored in adapter.stored.items()
            }
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} can't be read ({error}): fetch the adapter again, or train it again"
        ) from error
