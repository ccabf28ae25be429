"""Texts that come as words: which tokens belong to which word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from harness import PluginError
from harness_torch.tokenizers.protocol import TextTokenizer

_ANCHOR = "a"
"""Stands before the first word where that is to be cut as within a text."""


class Words(NamedTuple):
    """Words as tokens.

    Attributes:
        ids: the tokens of all words, without special tokens.
        spans: each word's first token and the one after its last; empty where a
            tokenizer makes nothing of a word.
    """

    ids: list[int]
    spans: list[tuple[int, int]]


def cut_words(
    texts: Sequence[Sequence[str]],
    tokenizer: TextTokenizer,
    *,
    kind: str,
    is_anchored: bool = False,
) -> list[Words]:
    """Tokenise words joined by single spaces; a word has the space before it.

    Args:
        texts: the words of each text.
        tokenizer: makes ids.
        kind: the type of request, for the message.
        is_anchored: whether the first word is cut as those that follow, as
            ``add_prefix_space`` of transformers has it for words that come one by one.

    Raises:
        PluginError: a word is empty.
    """
    for words in texts:
        if "" in words:
            raise PluginError(
                f"a {kind} request has an empty word in place {words.index('')}, "
                "expected words of one character or more: correct the formulation"
            )
    before = f"{_ANCHOR} " if is_anchored else ""
    pieces = tokenizer.pieces([before + " ".join(words) for words in texts])
    return [
        _divide(words, one.ids, one.offsets, len(before))
        for words, one in zip(texts, pieces, strict=True)
    ]


def _divide(
    words: Sequence[str], ids: list[int], offsets: list[tuple[int, int]], before: int
) -> Words:
    """Give each token to the first word that does not end before it begins."""
    ends = list(accumulate((len(word) + 1 for word in words), initial=before - 1))[1:]
    anchor = bisect_right([begins for begins, _ in offsets], max(before - 2, -1))
    owners = [bisect_right(ends, begins) for begins, _ in offsets[anchor:]]
    starts = [bisect_right(owners, word - 1) for word in range(len(words) + 1)]
    return Words(ids[anchor:], list(pairwise(starts)))


def read_words(
    texts: Sequence[str], words: Words, said: Sequence[int], tokenizer: TextTokenizer
) -> list[str]:
    """Return the words that tokens spell which a model says in place of those there are.

    Where its tokens are a word's own it is that word, whatever decoding would make of
    it (special tokens are left out there); else their text up to the first space,
    nothing where there is none.

    Args:
        texts: the true words.
        words: their tokens.
        said: a token in place of each of those.
        tokenizer: makes text of ids.
    """
    unknown = tokenizer.special.unknown
    read = []
    for text, (first, end) in zip(texts, words.spans, strict=True):
        own = list(said[first:end])
        is_right = first < end and own == words.ids[first:end] and unknown not in own
        pieces = [text] if is_right else tokenizer.decode(own).split()
        read.append(pieces[0] if pieces else "")
    return read
