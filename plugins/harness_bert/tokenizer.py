"""Tokenizers of BERT checkpoints: tokenizer.json, vocab.txt, or hashed words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from harness import CheckpointError
from harness_bert.checkpoint import BertCheckpoint
from harness_torch.source import read_json
from harness_torch.tokenizer import (
    LibraryTokenizer,
    SpecialIds,
    TextTokenizer,
    read_tokenizer,
)
from harness_torch.word_hash import WORD_HASH, WordHashTokenizer, read_word_hash


def load_tokenizer(checkpoint: BertCheckpoint) -> TextTokenizer:
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


def _read(checkpoint: BertCheckpoint) -> TextTokenizer:
    length, folder = checkpoint.length, checkpoint.folder
    if folder is None:
        return WordHashTokenizer(size=checkpoint.config.vocab_size, length=length)
    files = {path.name: path.read_bytes() for path in checkpoint.tokenizer_files}
    if "tokenizer.json" in files:
        return read_tokenizer(
            folder / "tokenizer.json",
            length=length,
            files=files,
            special=SpecialIds(),
        )
    if "vocab.txt" in files:
        return _from_vocabulary(folder, length=length, files=files)
    return read_word_hash(folder / WORD_HASH, length=length)


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
    special = SpecialIds(pad=ids[pad], mask=ids[mask], unknown=ids[unknown])
    return LibraryTokenizer(tokenizer, length=length, files=files, special=special)


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
