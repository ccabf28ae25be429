"""`linear-probe`: train the head alone, on what the base makes of the texts."""

from __future__ import annotations

from torch import nn

from harness import TrainJob
from harness_finetune.model import torch_model
from harness_torch.adapters.saving import save_adapter
from harness_torch.adapters.surgery import freeze, hold_still


class LinearProbe:
    """Trains what came with the head; nothing is dropped below it.

    A pooler of the base's own stays as it is: with it, the probe would not be linear.
    """

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Freeze the body and keep it in evaluation mode."""
        freeze(module, but=torch_model(job).fresh)
        hold_still(module)

    def save(self, job: TrainJob) -> None:
        """Write the head."""
        config = {"peft_type": "HARNESS_HEAD"}
        save_adapter(job, torch_model(job), config=config, tensors={})
