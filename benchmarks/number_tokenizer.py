"""A tokenizer of texts that are numbers: each is its token, and comes back as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harness_torch.tokenizers.protocol import Pieces, SpecialIds, TextPair, Tokens

_NUMBER = re.compile(r"\d+")


class NumberTokenizer:
    """Takes every number of a text, modulo the vocabulary, for a token.

    Args:
        size: of the vocabulary.
    """

    def __init__(self, size: int) -> None:
        self.vocabulary_size = size
        self.special = SpecialIds()
        self.adds_bos = False
        self.files: Mapping[str, bytes] = {}

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise texts or pairs; nothing is cut."""
        return [self.wrap(*map(self._ids, filter(None, text))) for text in texts]

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Tokenise texts."""
        return [
            Pieces(self._ids(text), [one.span() for one in _NUMBER.finditer(text)])
            for text in texts
        ]

    def wrap(self, ids: Sequence[int], pair: Sequence[int] | None = None) -> Tokens:
        """Put a pair behind a text; there are no special tokens."""
        whole = [*ids, *(pair or ())]
        return Tokens(whole, [0] * len(whole), 0)

    def decode(self, ids: Sequence[int]) -> str:
        """Write ids as a text."""
        return " ".join(map(str, ids))

    def _ids(self, text: str) -> list[int]:
        return [int(number) % self.vocabulary_size for number in _NUMBER.findall(text)]
