"""Lessons, read by an encoder: masked words, pairs of texts, words in any order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch

from harness_bert.model import BertWithHeads
from harness_bert.modules import Module
from harness_torch.device import send
from harness_torch.lessons import Lesson, Said
from harness_torch.packed import Packed, pack


def say(module: Module, lessons: Sequence[Lesson], device: torch.device) -> Said:
    """Say the words of lessons, and of pairs whether they belong together.

    The words are those of the places that are asked; no other row is projected on the
    vocabulary.
    """
    packed = _pack(lessons, device)
    hidden = module.hidden(packed)
    starts = accumulate((len(lesson.ids) for lesson in lessons[:-1]), initial=0)
    rows = [
        start + place
        for start, lesson in zip(starts, lessons, strict=True)
        for place in lesson.places
    ]
    words = module.spell(hidden.index_select(0, send(torch.tensor(rows), device)))
    if isinstance(module, BertWithHeads) and lessons[0].follows is not None:
        return Said(words, module.relate(hidden[packed.first]))
    return Said(words)


def _pack(lessons: Sequence[Lesson], device: torch.device) -> Packed:
    ids = [lesson.ids for lesson in lessons]
    segments = [lesson.segments or [0] * len(lesson.ids) for lesson in lessons]
    packed = pack(ids, segments, device=device)
    orders = [lesson.orders for lesson in lessons if lesson.orders is not None]
    if len(orders) < len(lessons):
        return packed
    positions = [place for order in orders for place in order.positions]
    return packed.seeing([order.sight() for order in orders], positions)
