"""Tokenizers made from text: WordPiece, byte-level BPE, Unigram.

The same text makes the same files. The library's own WordPiece trainer does not, as it
breaks ties by the order of a hash table; its BPE trainer does, so pieces are learnt by
that (as in the library, where WordPiece is BPE with marks) and marked afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_GOES_ON = "##"
_DIGITS = 6  # the rest of a Unigram score depends on the order of summation


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

    @property
    def special(self) -> list[str]:
        """The tokens with the first ids, each once."""
        return list(dict.fromkeys(self.tokens.values()))


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
    size = sizes.vocabulary - len(frame.behind)
    tokenizer = _TRAINERS[sizes.tokenizer](
        texts, size, frame, [normalizers.Lowercase()] if sizes.lowercase else []
    )
    tokenizer.add_special_tokens([*frame.special, *frame.behind])
    ids = {role: tokenizer.token_to_id(text) for role, text in frame.tokens.items()}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=frame.single,
        pair=frame.pair,
        special_tokens=[(text, tokenizer.token_to_id(text)) for text in frame.special],
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


def _train_wordpiece(
    texts: Iterable[str], size: int, frame: Frame, small: Sequence[Any]
) -> Tokenizer:
    """Learn BPE over words that begin with a mark, and turn the mark around."""
    learner = Tokenizer(BPE())
    learner.normalizer = normalizers.BertNormalizer(lowercase=bool(small))
    words = pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), words]
    )
    learner.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=2 * size, limit_alphabet=size // 4, show_progress=False
        ),
    )
    learnt = learner.get_vocab()
    pieces = _pieces(sorted(learnt, key=lambda piece: learnt[piece]))
    vocabulary = dict.fromkeys([*frame.special, *pieces])
    ids = {piece: place for place, piece in enumerate([*vocabulary][:size])}
    tokenizer = Tokenizer(WordPiece(ids, unk_token=frame.tokens["unk"]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=bool(small))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix=_GOES_ON)
    return tokenizer


def _pieces(learnt: Sequence[str]) -> Iterator[str]:
    """Yield letters, at a word's beginning and within, then longer pieces."""
    letters = [piece for piece in learnt if len(piece) == 1 and piece != _SPACE]
    yield from letters
    yield from (_GOES_ON + letter for letter in letters)
    for piece in learnt:
        if len(piece) > 1:
            is_first = piece.startswith(_SPACE)
            yield piece[1:] if is_first else _GOES_ON + piece


def _train_bpe(
    texts: Iterable[str], size: int, frame: Frame, small: Sequence[Any]
) -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.normalizer = normalizers.Sequence([*small])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=frame.special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def _train_unigram(
    texts: Iterable[str], size: int, frame: Frame, small: Sequence[Any]
) -> Tokenizer:
    tokenizer = Tokenizer(Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), *small])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement=_SPACE, prepend_scheme="always")
    unknown = frame.tokens["unk"]
    tokenizer.train_from_iterator(
        texts,
        trainers.UnigramTrainer(
            vocab_size=size,
            special_tokens=frame.special,
            unk_token=unknown,
            show_progress=False,
        ),
    )
    scores = _settled(json.loads(tokenizer.to_str())["model"]["vocab"])
    others = sorted(scores.keys() - set(frame.special), key=lambda p: (-scores[p], p))
    vocabulary = [(piece, scores[piece]) for piece in [*frame.special, *others]]
    tokenizer.model = Unigram(vocabulary, unk_id=frame.special.index(unknown))
    return tokenizer


def _settled(learnt: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Return scores that the same text always has.

    The library gives letters that it has not learnt the least score, each a ten
    thousandth more than the one before in a hash table; here they share it.
    """
    least = min(score for _, score in learnt)
    reach = least + 1e-4 * (1 + sum(len(piece) == 1 for piece, _ in learnt))
    return {
        piece: round(least if len(piece) == 1 and score < reach else score, _DIGITS)
        for piece, score in learnt
    }


_TRAINERS: Mapping[TokenizerKind, Any] = {
    "wordpiece": _train_wordpiece,
    "bpe": _train_bpe,
    "unigram": _train_unigram,
}
