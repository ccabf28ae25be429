"""The tokenizer of built-in models that write nothing: words, hashed."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from harness import CheckpointError, PluginError
from harness_torch.source import read_json
from harness_torch.tokenizers.protocol import Pieces, SpecialIds, TextPair, Tokens

WORD_HASH = "word_hash.json"
_PAD, _CLS, _SEP, _MASK, _FIRST_BUCKET = range(5)
_WORD = re.compile(r"\[mask\]|\w+|[^\w\s]")


def read_word_hash(path: Path, *, length: int) -> WordHashTokenizer:
    """Read what `WordHashTokenizer.files` holds.

    Raises:
        CheckpointError: the file says no number of ids.
    """
    size = read_json(path).get("vocab_size")
    if not isinstance(size, int) or size <= _FIRST_BUCKET:
        raise CheckpointError(
            f"{path} has vocab_size {size!r}, expected a whole number above "
            f"{_FIRST_BUCKET}: save the checkpoint again"
        )
    return WordHashTokenizer(size=size, length=length)


class WordHashTokenizer:
    """Every word is one id: its CRC-32 modulo the number of buckets.

    It needs no vocabulary, so any text in any script can be tokenised; words that
    share a bucket can't be told apart, and ids can't be turned back into text.
    """

    def __init__(self, *, size: int, length: int) -> None:
        self._length = length
        self._size = size
        self._bucket = lru_cache(maxsize=65536)(self._hash)

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are."""
        return self._size

    @property
    def special(self) -> SpecialIds:
        """The special tokens."""
        return SpecialIds(pad=_PAD, mask=_MASK)

    @property
    def adds_bos(self) -> bool:
        """Whether a BOS token is put in front: never."""
        return False

    @property
    def files(self) -> Mapping[str, bytes]:
        """The file that makes the same tokenizer again."""
        return {WORD_HASH: json.dumps({"vocab_size": self._size}).encode() + b"\n"}

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise each text or pair, cutting the longer of a pair first."""
        return [self._encode(text, pair) for text, pair in texts]

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Tokenise without special tokens; ``[MASK]`` is read as the mask."""
        return [self._pieces(text) for text in texts]

    def wrap(self, ids: Sequence[int], pair: Sequence[int] | None = None) -> Tokens:
        """Put the special tokens around one text's ids, or a pair's."""
        wrapped = [_CLS, *ids, _SEP]
        segments = [0] * len(wrapped)
        if pair is not None:
            wrapped += [*pair, _SEP]
            segments += [1] * (len(pair) + 1)
        return Tokens(wrapped, segments, 0)

    def decode(self, ids: Sequence[int]) -> str:
        """Refuse: a hash can't be turned back.

        Raises:
            PluginError: always.
        """
        raise PluginError(
            f"{len(ids)} hashed words can't be turned back into text: use a model with "
            "a vocabulary"
        )

    def _encode(self, text: str, pair: str | None) -> Tokens:
        first = self._pieces(text).ids
        second = None if pair is None else self._pieces(pair).ids
        whole = len(first) + len(second or ())
        room = self._length - (2 if second is None else 3)
        while len(first) + len(second or ()) > room:
            longer = first if second is None or len(first) > len(second) else second
            longer.pop()
        truncated = whole - len(first) - len(second or ())
        return self.wrap(first, second)._replace(truncated=truncated)

    def _pieces(self, text: str) -> Pieces:
        found = list(_WORD.finditer(text.lower()))
        words = [word.group() for word in found]
        ids = [_MASK if word == "[mask]" else self._bucket(word) for word in words]
        return Pieces(ids, [word.span() for word in found])

    def _hash(self, word: str) -> int:
        return _FIRST_BUCKET + zlib.crc32(word.encode()) % (self._size - _FIRST_BUCKET)
