"""Texts as a decoder reads them: with one beginning-of-text token, or without."""

from __future__ import annotations

from collections.abc import Sequence

from harness_torch.adapters.prompts import put_before
from harness_torch.scoring import need_prefix
from harness_torch.tokenizers.protocol import TextPair, TextTokenizer, Tokens

_BETWEEN = "\n"


class Reader:
    """Makes token ids, uncut, with what a text begins with.

    Attributes:
        title: how messages name the model.
        length: the longest input in tokens, virtual ones not counted.
        virtual: ids of virtual tokens, which stand before every input.
        prefix: the token that stands before a text's first one: beginning of text, or
            end of text where a tokenizer has no beginning; None where it has neither.
    """

    def __init__(
        self,
        tokenizer: TextTokenizer,
        *,
        title: str,
        length: int,
        virtual: Sequence[int] = (),
    ) -> None:
        special = tokenizer.special
        self.title = title
        self.length = length
        self.virtual = tuple(virtual)
        self.prefix = special.prefix
        self._tokenizer = tokenizer
        self._begin = (
            [special.bos] if tokenizer.adds_bos and special.bos is not None else []
        )

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return ids of texts, with one BOS where the model has it."""
        return [self.begin(ids) for ids in self.bare(texts)]

    def bare(self, texts: Sequence[str]) -> list[list[int]]:
        """Return ids of texts alone."""
        return [pieces.ids for pieces in self._tokenizer.pieces(texts)]

    def begin(self, ids: list[int]) -> list[int]:
        """Put the BOS before ids, unless the model has none or they begin with it."""
        return ids if ids[:1] == self._begin else self._begin + ids

    def some(self, ids: list[int]) -> list[int]:
        """Return the ids, or the prefix token where there are none.

        Raises:
            CheckpointError: there is neither.
        """
        return ids or [need_prefix(self.prefix, self.title)]


class HeadReader:
    """Makes the ids that vectors are made of: a text, or a pair in two lines.

    A decoder has no segments and no separator, so a line break stands between.

    Args:
        reader: makes ids of texts.
        pad: left out where it ends a text: the reference's heads take the vector of
            the last token that isn't padding. None for vectors of no head.
    """

    def __init__(self, reader: Reader, *, pad: int | None) -> None:
        self._reader = reader
        self._pad = pad

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise texts and pairs, cutting the longer of a pair first."""
        firsts = self._reader.bare([text for text, _ in texts])
        seconds = self._reader.bare(
            ["" if p is None else _BETWEEN + p for _, p in texts]
        )
        return [self._join(*pair) for pair in zip(firsts, seconds, strict=True)]

    def _join(self, first: list[int], second: list[int]) -> Tokens:
        whole = self._reader.begin(first)
        room = self._reader.length - (len(whole) - len(first))
        excess = max(0, len(first) + len(second) - room)
        for _ in range(excess):
            (first if len(first) > len(second) else second).pop()
        ids = self._reader.some(self._reader.begin(first) + second)
        while len(ids) > 1 and ids[-1] == self._pad:
            ids = ids[:-1]
        return put_before(self._reader.virtual, Tokens(ids, [0] * len(ids), excess))
