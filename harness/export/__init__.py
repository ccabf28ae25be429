"""Checkpoints for other programs: a Hugging Face folder with a card of its scores."""

from harness.export.checkpoint import export_checkpoint
from harness.export.choice import Exported, choose_model, choose_trained

__all__ = ["Exported", "choose_model", "choose_trained", "export_checkpoint"]
