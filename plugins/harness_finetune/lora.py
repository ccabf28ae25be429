"""`lora`: train small matrices whose product is added to the model's own.

Hu et al. 2021, https://arxiv.org/abs/2106.09685; the layers are peft's.
"""

from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import nn

from harness import PluginError, TrainJob
from harness_finetune.model import torch_model
from harness_finetune.settings import LoraSettings
from harness_torch.adapters.saving import save_adapter
from harness_torch.adapters.surgery import freeze
from harness_torch.adapters.targets import find_targets, is_turned, shorten

_ADAPTER = "default"


class Lora:
    """Trains a pair of small matrices for each target, and the head."""

    def __init__(self) -> None:
        self._config: dict[str, Any] = {}

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Put a pair beside every target, one of them zero, and freeze the rest.

        Raises:
            PluginError: no layer of the model is known as a target.
        """
        settings: LoraSettings = job.settings
        model = torch_model(job)
        paths = find_targets(module, model.head_names, settings.targets)
        if not paths:
            raise PluginError(
                f"{model.title} has no layer that is known to make queries or values: "
                "set targets=all-linear"
            )
        turned = any(is_turned(module.get_submodule(path)) for path in paths)
        short = shorten([model.stored_name(path) for path in paths], module)
        self._config = {
            "peft_type": "LORA",
            "r": settings.rank,
            "lora_alpha": settings.alpha,
            "lora_dropout": settings.lora_dropout,
            "bias": "none",
            "fan_in_fan_out": turned,
            "target_modules": short,
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(job.seed)
            inject_adapter_in_model(
                LoraConfig(
                    r=settings.rank,
                    lora_alpha=settings.alpha,  # type: ignore[arg-type] # any number will do
                    lora_dropout=settings.lora_dropout,
                    fan_in_fan_out=turned,
                    target_modules=paths,
                ),
                module,
                adapter_name=_ADAPTER,
            )
        pairs = {name for name, _ in module.named_parameters() if ".lora_" in name}
        freeze(module, but=model.head_names | pairs)

    def save(self, job: TrainJob) -> None:
        """Write the pairs and the head."""
        model = torch_model(job)
        tensors = {
            name.replace(f".{_ADAPTER}.", "."): parameter
            for name, parameter in model.module.named_parameters()
            if ".lora_" in name
        }
        save_adapter(job, model, config=self._config, tensors=tensors)
