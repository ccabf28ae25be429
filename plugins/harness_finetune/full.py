"""`full`: train every weight of the model and its head."""

from __future__ import annotations

from torch import nn

from harness import TrainJob


class Full:
    """Trains every weight and writes a whole checkpoint."""

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Leave the module as it is: all of it is trained."""

    def save(self, job: TrainJob) -> None:
        """Write the whole checkpoint."""
        job.model.save(job.folder)
