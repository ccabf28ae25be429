"""What the recipes that train a part need of a model."""

from __future__ import annotations

from typing import Any

from harness import PluginError, TrainJob
from harness_torch.trainable import TrainableAdapter

TorchModel = TrainableAdapter[Any, Any, Any]


def torch_model(job: TrainJob) -> TorchModel:
    """Return the job's model, which must be one of the torch shelf.

    Raises:
        PluginError: it is another, whose parts nothing is known of.
    """
    if isinstance(job.model, TrainableAdapter):
        return job.model
    raise PluginError(
        f"a {type(job.model).__name__} is no TrainableAdapter of harness_torch, which "
        "this recipe needs to train a part of a model: use the recipe full"
    )
