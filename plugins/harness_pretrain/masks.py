"""Masked words (Devlin et al. 2018, section 3.1, and google-research/bert)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from harness_pretrain.blocks import BEGINS, Block
from harness_torch.lessons import Lesson
from harness_torch.tokenizers.protocol import Tokens

_MASKED, _KEPT = 0.8, 0.1  # the rest is another token


class Covered(NamedTuple):
    """Tokens some of which are covered, the places of those, and what stood there."""

    ids: list[int]
    places: list[int]
    targets: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """How words are masked.

    Of the tokens that must be said, 80 % become the mask, 10 % another token, 10 % stay.

    Attributes:
        rate: share of the tokens that must be said, at least one.
        mask: the mask's id.
        vocabulary: how many ids there are.
        whole_words: whether all tokens of a word are chosen together.
    """

    rate: float
    mask: int
    vocabulary: int
    whole_words: bool

    def cover(self, block: Block, draw: Random) -> Covered:
        """Cover some words of a block."""
        places = sorted(self._choose(block, draw))
        ids = list(block.ids)
        for place in places:
            chance = draw.random()
            if chance < _MASKED:
                ids[place] = self.mask
            elif chance >= _MASKED + _KEPT:
                ids[place] = draw.randrange(self.vocabulary)
        return Covered(ids, places, [block.ids[place] for place in places])

    def _choose(self, block: Block, draw: Random) -> list[int]:
        """Choose places until the share is reached; a longer word is passed over."""
        words = block.words
        units = words if self.whole_words else [[p] for word in words for p in word]
        wanted = max(1, round(sum(map(len, words)) * self.rate))
        draw.shuffle(units)
        chosen: list[int] = []
        for unit in units:
            if len(chosen) >= wanted:
                break
            if not chosen or len(chosen) + len(unit) <= wanted:
                chosen += unit
        return chosen


def masked_lesson(
    block: Block, draw: Random, *, masking: Masking, wrap: Callable[[list[int]], Tokens]
) -> Lesson:
    """Make a lesson of a block."""
    covered = masking.cover(block, draw)
    tokens = wrap(covered.ids)
    before = wrap([-1]).ids.index(-1)
    return Lesson(
        ids=tokens.ids,
        segments=tokens.segments,
        places=[before + place for place in covered.places],
        targets=covered.targets,
    )


def has_words(block: Block) -> bool:
    """Tell whether there is anything to mask."""
    return BEGINS in block.marks
