"""Tokenizers of BERT checkpoints: tokenizer.json, vocab.txt, or hashed words."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from harness import CheckpointError
from harness_bert.checkpoint import WORD_HASH, Checkpoint
from harness_torch.source import read_json
from harness_torch.tokenizer import (
    LibraryTokenizer,
    TextPair,
    TextTokenizer,
    Tokens,
    read_tokenizer,
)


def load_tokenizer(checkpoint: Checkpoint) -> TextTokenizer:
    """Make a checkpoint's tokenizer.

    Raises:
        CheckpointError: its files can't be used, or it has more ids than the model
            has word vectors.
    """
    tokenizer = _read(checkpoint)
    rows = checkpoint.config.vocab_size
    if tokenizer.vocabulary_size > rows:
        raise CheckpointError(
            f"the tokenizer of {checkpoint.title} has {tokenizer.vocabulary_size} ids, "
            f"the model {rows} word vectors: use the tokenizer that belongs to it"
        )
    return tokenizer


def _read(checkpoint: Checkpoint) -> TextTokenizer:
    length, folder = checkpoint.length, checkpoint.folder
    if folder is None:
        return WordHashTokenizer(size=checkpoint.config.vocab_size, length=length)
    files = {path.name: path.read_bytes() for path in checkpoint.tokenizer_files}
    if "tokenizer.json" in files:
        return read_tokenizer(folder / "tokenizer.json", length=length, files=files)
    if "vocab.txt" in files:
        return _from_vocabulary(folder, length=length, files=files)
    return WordHashTokenizer(size=_hash_size(folder / WORD_HASH), length=length)


def _from_vocabulary(
    folder: Path, *, length: int, files: Mapping[str, bytes]
) -> LibraryTokenizer:
    # Not splitlines: some vocabularies hold Unicode's other line ends as tokens.
    lines = files["vocab.txt"].decode().removesuffix("\n").split("\n")
    ids = {line.removesuffix("\r"): index for index, line in enumerate(lines)}
    path = folder / "tokenizer_config.json"
    settings = read_json(path) if path.is_file() else {}
    unknown, cls, sep, pad, mask = (
        _special(settings, key, f"[{key.upper()}]", ids, folder)
        for key in ("unk", "cls", "sep", "pad", "mask")
    )
    tokenizer = Tokenizer(WordPiece(ids, unk_token=unknown))
    tokenizer.add_special_tokens([unknown, cls, sep, pad, mask])
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=settings.get("do_lower_case", True),
        handle_chinese_chars=settings.get("tokenize_chinese_chars", True),
        strip_accents=settings.get("strip_accents"),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        (sep, ids[sep]), (cls, ids[cls])
    )
    return LibraryTokenizer(tokenizer, length=length, files=files)


def _special(
    settings: Mapping[str, Any],
    key: str,
    usual: str,
    ids: Mapping[str, int],
    folder: Path,
) -> str:
    token = settings.get(f"{key}_token", usual)
    token = token.get("content") if isinstance(token, dict) else token
    if token not in ids:
        raise CheckpointError(
            f"{folder / 'vocab.txt'} lacks the special token {token!r}: use the "
            "vocabulary that belongs to the model"
        )
    return str(token)


def _hash_size(path: Path) -> int:
    size = read_json(path).get("vocab_size")
    if not isinstance(size, int) or size <= _FIRST_BUCKET:
        raise CheckpointError(
            f"{path} has vocab_size {size!r}, expected a whole number above "
            f"{_FIRST_BUCKET}: save the checkpoint again"
        )
    return size


_CLS, _SEP, _FIRST_BUCKET = 1, 2, 4  # 0 is padding, 3 the mask
_WORD = re.compile(r"\w+|[^\w\s]")


class WordHashTokenizer:
    """Every word is one id: its CRC-32 modulo the number of buckets.

    It needs no vocabulary, so any text in any script can be tokenised; words that
    share a bucket can't be told apart.
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
    def files(self) -> Mapping[str, bytes]:
        """The file that makes the same tokenizer again."""
        return {WORD_HASH: json.dumps({"vocab_size": self._size}).encode() + b"\n"}

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise each text or pair, cutting the longer of a pair first."""
        return [self._encode(text, pair) for text, pair in texts]

    def _encode(self, text: str, pair: str | None) -> Tokens:
        first = self._words(text)
        second = None if pair is None else self._words(pair)
        whole = len(first) + len(second or ())
        room = self._length - (2 if second is None else 3)
        while len(first) + len(second or ()) > room:
            longer = first if second is None or len(first) > len(second) else second
            longer.pop()
        ids = [_CLS, *first, _SEP]
        segments = [0] * len(ids)
        if second is not None:
            ids += [*second, _SEP]
            segments += [1] * (len(second) + 1)
        truncated = whole - len(first) - len(second or ())
        return Tokens(ids, segments, truncated)

    def _words(self, text: str) -> list[int]:
        return [self._bucket(word) for word in _WORD.findall(text.lower())]

    def _hash(self, word: str) -> int:
        return _FIRST_BUCKET + zlib.crc32(word.encode()) % (self._size - _FIRST_BUCKET)
