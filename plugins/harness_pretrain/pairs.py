"""Pairs of texts for next-sentence prediction (Devlin et al. 2018, section 3.1).

As `create_instances_from_document` of google-research/bert: sentences of a document
fill a pair; half of the pairs have the true second text, the others one from another
document, and what was not used of their own is used next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from harness import DataError
from harness_pretrain.blocks import Block, join
from harness_pretrain.masks import Masking
from harness_torch.lessons import Lesson
from harness_torch.tokenizers.protocol import Tokens

Document = list[Block]
"""A document's sentences."""


class Pair(NamedTuple):
    """Two texts, and whether the second follows the first in its document."""

    first: Block
    second: Block
    follows: bool


def make_pairs(
    documents: Sequence[Document], *, room: int, short_rate: float, draw: Random
) -> list[Pair]:
    """Make pairs of all sentences, in the order of the documents.

    Args:
        documents: two or more, each with a sentence or more.
        room: tokens of a pair, without special ones.
        short_rate: share of the pairs that are of a random shorter length.
        draw: draws what is short, where a pair is divided, and what does not follow.

    Raises:
        DataError: there is one document alone, so nothing that does not follow.
    """
    if len(documents) < 2:
        raise DataError(
            f"the text has {len(documents)} document, expected two or more, so that a "
            "pair can have a second text that does not follow: give a folder of several "
            "files, or divide files with documents=blank-lines"
        )
    return [
        pair
        for own in range(len(documents))
        for pair in _pairs_of(documents, own, room, short_rate, draw)
    ]


def _pairs_of(
    documents: Sequence[Document], own: int, room: int, short_rate: float, draw: Random
) -> list[Pair]:
    pairs: list[Pair] = []
    sentences, start = documents[own], 0
    while start < len(sentences):
        target = draw.randint(2, room) if draw.random() < short_rate else room
        end = _fill(sentences, start, target)
        middle = start + (draw.randint(1, end - start - 1) if end - start > 1 else 1)
        first = join(sentences[start:middle], None)
        if middle < end and draw.random() < 0.5:
            pair = Pair(first, join(sentences[middle:end], None), follows=True)
            start = end
        else:
            rest = max(1, target - len(first.ids))
            pair = Pair(first, _elsewhere(documents, own, rest, draw), follows=False)
            start = middle
        pairs.append(_trim(pair, room, draw))
    return pairs


def _fill(sentences: Document, start: int, tokens: int) -> int:
    """Return where the sentences end that hold some tokens; one or more."""
    held, end = 0, start
    while end < len(sentences) and held < tokens:
        held += len(sentences[end].ids)
        end += 1
    return end


def _elsewhere(
    documents: Sequence[Document], own: int, tokens: int, draw: Random
) -> Block:
    other = draw.randrange(len(documents) - 1)
    sentences = documents[other + (other >= own)]
    start = draw.randrange(len(sentences))
    return join(sentences[start : _fill(sentences, start, tokens)], None)


def _trim(pair: Pair, room: int, draw: Random) -> Pair:
    """Take tokens from the longer text, at either end, until the pair fits."""
    spans = [[0, len(pair.first.ids)], [0, len(pair.second.ids)]]
    while sum(end - start for start, end in spans) > room:
        longer = max(spans, key=lambda span: span[1] - span[0])
        if draw.random() < 0.5:
            longer[0] += 1
        else:
            longer[1] -= 1
    first, second = (
        Block(text.ids[start:end], text.marks[start:end])
        for text, (start, end) in zip((pair.first, pair.second), spans, strict=True)
    )
    return Pair(first, second, pair.follows)


def pair_lesson(
    pair: Pair,
    draw: Random,
    *,
    masking: Masking,
    wrap: Callable[[list[int], list[int]], Tokens],
) -> Lesson:
    """Make a lesson of a pair, words masked in both of its texts."""
    length = len(pair.first.ids)
    covered = masking.cover(join([pair.first, pair.second], masking.mask), draw)
    tokens = wrap(covered.ids[:length], covered.ids[length + 1 :])
    template = wrap([-1], [-2]).ids
    before = template.index(-1)
    between = template.index(-2) - before - 2  # what `wrap` puts there beyond `join`
    return Lesson(
        ids=tokens.ids,
        segments=tokens.segments,
        places=[before + p + (between if p > length else 0) for p in covered.places],
        targets=covered.targets,
        follows=pair.follows,
    )
