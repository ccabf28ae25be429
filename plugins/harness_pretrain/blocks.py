"""Documents as token ids, and blocks of them that a model can read at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness_torch.tokenizers.protocol import Pieces, TextTokenizer

CONTINUES, BEGINS, SPECIAL = 0, 1, 2
"""What a token is to its word; a special one is never masked."""

_IDEOGRAPHS = ("\u3400", "\u9fff")
_AT_ONCE = 256


class Block(NamedTuple):
    """Neighbouring tokens.

    Attributes:
        ids: token ids, without the special tokens around a text.
        marks: of each token, whether it `BEGINS` or `CONTINUES` a word or is `SPECIAL`.
    """

    ids: list[int]
    marks: bytearray

    @property
    def words(self) -> list[list[int]]:
        """The places of each word's tokens; special ones are in none."""
        found: list[list[int]] = []
        is_open = False
        for place, mark in enumerate(self.marks):
            if mark == CONTINUES and is_open:
                found[-1].append(place)
            elif mark != SPECIAL:
                found.append([place])
            is_open = mark != SPECIAL
        return found


def read_blocks(texts: Sequence[str], tokenizer: TextTokenizer) -> Iterator[Block]:
    """Yield each text's tokens as one block, in order; nothing is cut."""
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        for text, pieces in zip(some, tokenizer.pieces(some), strict=True):
            yield Block(pieces.ids, mark_words(text, pieces))


def mark_words(text: str, pieces: Pieces) -> bytearray:
    """Tell which tokens begin a word, whatever the tokenizer.

    A token goes on with a word where a letter or digit follows one without a gap. That
    is what ``##`` means in WordPiece, and the lack of a leading space elsewhere.
    """
    marks = bytearray()
    last = 0
    for start, end in pieces.offsets:
        touches = 0 < start == last < end and _joins(text[start - 1], text[start])
        shares = start < last  # a letter of several tokens, or a space of its own
        marks.append(CONTINUES if touches or shares else BEGINS)
        last = end
    return marks


def join(documents: Sequence[Block], separator: int | None) -> Block:
    """Lay documents end to end, with a separator behind each but the last."""
    ids: list[int] = []
    marks = bytearray()
    for document in documents:
        if ids and separator is not None:
            ids.append(separator)
            marks.append(SPECIAL)
        ids += document.ids
        marks += document.marks
    return Block(ids, marks)


def cut(text: Block, room: int, *, overlap: int = 0) -> list[Block]:
    """Cut tokens into blocks of a length; what is left at the end is a shorter one.

    Args:
        text: all tokens.
        room: tokens of a block.
        overlap: tokens that a block shares with the one before.
    """
    step = room - overlap
    starts = range(0, max(len(text.ids) - overlap, 0), step)
    return [
        Block(text.ids[start : start + room], text.marks[start : start + room])
        for start in starts
    ]


def _joins(before: str, after: str) -> bool:
    is_word = before.isalnum() and after.isalnum()
    first, last = _IDEOGRAPHS
    return is_word and not first <= before <= last and not first <= after <= last
