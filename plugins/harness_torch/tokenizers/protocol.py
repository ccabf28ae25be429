"""What an adapter needs of a tokenizer, whatever kind it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

TextPair = tuple[str, str | None]


class Tokens(NamedTuple):
    """A text or pair as a model reads it.

    Attributes:
        ids: token ids, special tokens included.
        segments: 0 for the text, 1 for its pair, one for each id.
        truncated: tokens that were cut.
    """

    ids: list[int]
    segments: list[int]
    truncated: int


class Pieces(NamedTuple):
    """A text as it is, without special tokens and uncut.

    Attributes:
        ids: token ids.
        offsets: where each token begins and ends, in characters of the text.
    """

    ids: list[int]
    offsets: list[tuple[int, int]]


class SpecialIds(NamedTuple):
    """The ids of special tokens, None for those that a tokenizer has not."""

    bos: int | None = None
    eos: int | None = None
    pad: int | None = None
    mask: int | None = None
    unknown: int | None = None

    @property
    def prefix(self) -> int | None:
        """What stands before a text's first token: its beginning, else an end."""
        return self.eos if self.bos is None else self.bos


class TextEncoder(Protocol):
    """Makes ids and segments of texts and pairs; every `TextTokenizer` is one."""

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise in one batch, cutting what is too long."""


class TextTokenizer(Protocol):
    """What an adapter needs of a tokenizer."""

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are."""

    @property
    def special(self) -> SpecialIds:
        """The special tokens."""

    @property
    def adds_bos(self) -> bool:
        """Whether `wrap` and `encode` put the BOS token in front."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files that make the same tokenizer again, by name."""

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise in one batch with special tokens, cutting the longer of a pair first."""

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Tokenise in one batch without special tokens, and cut nothing.

        Special tokens that stand in a text (``[MASK]``, ``</s>``) are read as such.
        """

    def wrap(self, ids: Sequence[int], pair: Sequence[int] | None = None) -> Tokens:
        """Put the special tokens around one text's ids, or a pair's.

        A decoder's BOS is not put before ids that begin with it.
        """

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, leaving special tokens out and spaces as they are."""
