"""Lessons, read by the encoder and answered by the decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from harness_t5.model import T5
from harness_t5.targets import decode_targets
from harness_torch.lessons import Lesson, Said
from harness_torch.packed import pack


def say(module: T5, lessons: Sequence[Lesson], device: torch.device) -> Said:
    """Say the targets of lessons, each token given the true ones before it."""
    states = module.encode(pack([one.ids for one in lessons], device=device))
    lengths = [len(one.ids) for one in lessons]
    targets = [[one.targets] for one in lessons]
    return Said(module.project(decode_targets(module, states, lengths, targets)))
