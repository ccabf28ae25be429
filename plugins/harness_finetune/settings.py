"""Settings of the recipes. Light: they are read wherever recipes are listed."""

from __future__ import annotations

from dataclasses import dataclass

from harness_torch.training.settings import LoopSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class FullSettings(LoopSettings):
    """How `full` trains: every weight, by the loop's own settings."""
