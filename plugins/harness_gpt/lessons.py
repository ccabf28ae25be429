"""Lessons, read by a decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from harness_gpt.decoder import Decoder
from harness_torch.cache import PackedAttention
from harness_torch.lessons import Lesson, Said
from harness_torch.packed import pack


def say(model: Decoder, lessons: Sequence[Lesson], device: torch.device) -> Said:
    """Say what lessons ask for at their places, given what stands up to there."""
    packed = pack([lesson.ids for lesson in lessons], device=device, is_causal=True)
    starts = packed.first.tolist()
    rows = [
        start + place
        for start, lesson in zip(starts, lessons, strict=True)
        for place in lesson.places
    ]
    asked = torch.tensor(rows, device=device)
    hidden = model(packed.ids, packed.positions, PackedAttention(packed), asked)
    return Said(model.logits(hidden))
