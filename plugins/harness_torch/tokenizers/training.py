"""Tokenizers made from text: WordPiece, byte-level BPE, Unigram."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tokenizers import (
    Tokenizer,
    decoders,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from tokenizers.models import BPE, Unigram, WordPiece

from harness_torch.sizes import Sizes, TokenizerKind

_SPACE = "▁"


class Frame(NamedTuple):
    """Special tokens, and where they stand around a text.

    Attributes:
        tokens: the special tokens by role (``pad``, ``mask``), in the order of ids.
        single: such as ``[CLS] $A [SEP]``.
        pair: such as ``[CLS] $A [SEP] $B:1 [SEP]:1``.
        behind: further special tokens, with the last ids.
    """

    tokens: Mapping[str, str]
    single: str
    pair: str
    behind: Sequence[str] = ()


class NewTokenizer(NamedTuple):
    """A tokenizer's files by name, how many ids it has, and those of its roles."""

    files: dict[str, bytes]
    size: int
    ids: dict[str, int]


def train_tokenizer(texts: Iterable[str], sizes: Sizes, frame: Frame) -> NewTokenizer:
    """Learn a vocabulary from text.

    The files are those that transformers writes: tokenizer.json and
    tokenizer_config.json.
    """
    tokenizer = _MAKERS[sizes.tokenizer](sizes.lowercase, frame.tokens.get("unk"))
    special = list(dict.fromkeys(frame.tokens.values()))
    trainer = _trainer(sizes, special, frame)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(list(frame.behind))
    ids = {role: tokenizer.token_to_id(text) for role, text in frame.tokens.items()}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=frame.single,
        pair=frame.pair,
        special_tokens=[(text, tokenizer.token_to_id(text)) for text in special],
    )
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": sizes.length,
        "clean_up_tokenization_spaces": False,
        **{f"{role}_token": text for role, text in frame.tokens.items()},
    }
    files = {
        "tokenizer.json": tokenizer.to_str(pretty=True).encode(),
        "tokenizer_config.json": json.dumps(config, indent=2).encode() + b"\n",
    }
    return NewTokenizer(files, tokenizer.get_vocab_size(with_added_tokens=True), ids)


def _trainer(sizes: Sizes, special: list[str], frame: Frame) -> Any:  # noqa: ANN401
    common: dict[str, Any] = {
        "vocab_size": sizes.vocabulary - len(frame.behind),
        "special_tokens": special,
        "show_progress": False,
    }
    if sizes.tokenizer == "wordpiece":
        return trainers.WordPieceTrainer(**common, continuing_subword_prefix="##")
    if sizes.tokenizer == "bpe":
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        return trainers.BpeTrainer(**common, initial_alphabet=alphabet)
    return trainers.UnigramTrainer(**common, unk_token=frame.tokens["unk"])


def _make_wordpiece(lowercase: bool, unknown: str | None) -> Tokenizer:
    tokenizer = Tokenizer(WordPiece(unk_token=str(unknown)))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer


def _make_bpe(lowercase: bool, unknown: str | None) -> Tokenizer:
    del unknown  # every byte is known
    tokenizer = Tokenizer(BPE())
    if lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _make_unigram(lowercase: bool, unknown: str | None) -> Tokenizer:
    del unknown  # the trainer names it
    tokenizer = Tokenizer(Unigram())
    small = [normalizers.Lowercase()] if lowercase else []
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), *small])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement=_SPACE, prepend_scheme="always")
    return tokenizer


_MAKERS: Mapping[TokenizerKind, Any] = {
    "wordpiece": _make_wordpiece,
    "bpe": _make_bpe,
    "unigram": _make_unigram,
}
