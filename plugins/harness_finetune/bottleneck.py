"""`adapter`: train small detours behind attention and feed-forward layers.

Houlsby et al. 2019, https://arxiv.org/abs/1902.00751.
"""

from __future__ import annotations

import torch
from torch import nn

from harness import PluginError, TrainJob
from harness_finetune.model import torch_model
from harness_finetune.settings import AdapterSettings
from harness_torch.adapters.bottleneck import Bottleneck, width_of
from harness_torch.adapters.saving import save_adapter
from harness_torch.adapters.surgery import freeze, replace_module
from harness_torch.adapters.targets import find_norms, find_targets


class Bottlenecks:
    """Trains a detour behind every sublayer, the head, and the norms if wanted."""

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Put a detour behind every sublayer's last layer, and freeze the rest.

        Raises:
            PluginError: no layer of the model is known as such.
        """
        settings: AdapterSettings = job.settings
        model = torch_model(job)
        layers = [
            module.get_submodule(path)
            for path in find_targets(module, model.head_names, "outputs")
        ]
        if not layers:
            raise PluginError(
                f"{model.title} has no layer that is known to end its sublayers: use "
                "lora with targets=all-linear"
            )
        generator = torch.Generator().manual_seed(job.seed)
        for layer in layers:
            width = width_of(layer)
            units = max(1, width // settings.reduction)
            made = Bottleneck(
                layer, width=width, units=units, activation=settings.activation
            )
            made.initialise(generator)
            replace_module(module, layer, made.to(model.device))
        norms = find_norms(module) if settings.norms else set()
        freeze(module, but=model.head_names | norms | _detours(module))

    def save(self, job: TrainJob) -> None:
        """Write the detours, the norms if they were trained, and the head."""
        model, settings = torch_model(job), job.settings
        config = {
            "peft_type": "HARNESS_BOTTLENECK",
            "reduction": settings.reduction,
            "activation": settings.activation,
        }
        tensors = {
            name: parameter
            for name, parameter in model.module.named_parameters()
            if parameter.requires_grad
        }
        save_adapter(job, model, config=config, tensors=tensors)


def _detours(module: nn.Module) -> set[str]:
    return {
        f"{path}.{name}"
        for path, part in module.named_modules()
        if isinstance(part, Bottleneck)
        for name, _ in part.named_parameters()
        if name.startswith("adapter_")
    }
