"""What a training step draws: a function of the run's seed and the step alone."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import torch

from harness.ranks import rank


def seed_step(seed: int, step: int, device: torch.device) -> None:
    """Seed the generators of Python, NumPy and torch for one step.

    So a run that goes on draws what an uninterrupted one would have drawn, without any
    generator's state, and what selection draws between two steps changes neither.
    Processes that train together draw each their own.
    """
    digest = hashlib.sha256(f"{seed} {step} {rank()}".encode()).digest()
    drawn = int.from_bytes(digest[:4], "big")
    random.seed(drawn)
    np.random.seed(drawn)
    # Not torch.manual_seed: where CUDA is not in use, it remembers every call.
    torch.default_generator.manual_seed(drawn)
    if device.type == "cuda":
        torch.cuda.manual_seed(drawn)
