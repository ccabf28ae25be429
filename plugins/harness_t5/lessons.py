"""Lessons, read by the encoder and answered by the decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from harness_t5.model import T5, Reading
from harness_torch.crossing import cross
from harness_torch.lessons import Lesson, Said
from harness_torch.packed import pack


def say(module: T5, lessons: Sequence[Lesson], device: torch.device) -> Said:
    """Say the targets of lessons, each token given the true ones before it."""
    if module.decoder is None:
        raise ValueError("a model without a decoder can't write")
    start = module.config.start_token_id
    read = [[start, *lesson.targets[:-1]] for lesson in lessons]
    lengths = [len(lesson.ids) for lesson in lessons]
    states = module.encode(pack([lesson.ids for lesson in lessons], device=device))
    packed = pack(read, device=device, is_causal=True)
    crossing = cross([len(ids) for ids in read], lengths, device=device)
    sight = Reading(packed, module.decoder, states, crossing)
    return Said(module.project(module.decode(packed.ids, sight)))
