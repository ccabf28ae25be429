"""Words in any order: permutation language modelling (Yang et al. 2019, XLNet).

The text's positions stay; only the order of saying is drawn. As in the paper's partial
prediction (section 2.3) the last tokens of the order alone are asked, so every one of
them sees the rest of the text and the targets before it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from harness_pretrain.blocks import Block
from harness_torch.lessons import BESIDE, Lesson, Orders
from harness_torch.tokenizers.protocol import Tokens


def ordered_lesson(
    block: Block,
    draw: Random,
    *,
    rate: float,
    mask: int,
    wrap: Callable[[list[int]], Tokens],
) -> Lesson:
    """Make a lesson of a block: its tokens, then a mask for each that is asked."""
    places = [place for word in block.words for place in word]
    asked = draw.sample(places, max(1, round(len(places) * rate)))
    tokens = wrap(block.ids)
    before = wrap([-1]).ids.index(-1)
    ranks = [BESIDE] * len(tokens.ids)
    for rank, place in enumerate(asked):
        ranks[before + place] = rank
    read = len(tokens.ids)
    count = len(asked)
    return Lesson(
        ids=[*tokens.ids, *[mask] * count],
        segments=[*tokens.segments, *[0] * count],
        places=range(read, read + count),
        targets=[block.ids[place] for place in asked],
        orders=Orders(
            ranks=tuple(ranks), asked=tuple(before + place for place in asked)
        ),
    )
