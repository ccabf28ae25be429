"""A tokenizer of the `tokenizers` library, behind the shelf's protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from tokenizers import Encoding, Tokenizer

from harness import CheckpointError
from harness_torch.tokenizers.protocol import Pieces, SpecialIds, TextPair, Tokens

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class _Part(NamedTuple):
    """A special token of a template, or the place of a text: then `id` is None."""

    id: int | None
    segment: int


class LibraryTokenizer:
    """A tokenizer of the `tokenizers` library, cutting what is too long.

    A tokenizer.json may have truncation and padding baked in: both are taken out.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        length: int,
        files: Mapping[str, bytes],
        special: SpecialIds,
        bos_is_cls: bool = False,
    ) -> None:
        self._whole = tokenizer
        self._whole.no_truncation()
        self._whole.no_padding()
        self._length = length
        self._files = files
        self._special = special
        probe = self._probe()
        self._single = self._template(probe)
        self._pair = self._template((probe, probe))
        self._bos_once = self.adds_bos and not bos_is_cls

    @property
    def vocabulary_size(self) -> int:
        """One more than the highest id, added tokens included."""
        return self._vocabulary_size

    @property
    def special(self) -> SpecialIds:
        """The special tokens."""
        return self._special

    @property
    def adds_bos(self) -> bool:
        """Whether `wrap` and `encode` put the BOS token in front."""
        first = self._single[0].id
        return first is not None and first == self._special.bos

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files that make the same tokenizer again, by name."""
        return self._files

    def to_json(self) -> str:
        """Return the tokenizer as a tokenizer.json."""
        text: str = self._whole.to_str()
        return text

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise in one batch, cutting the longer of a pair first."""
        inputs = [_readable(text, pair) for text, pair in texts]
        whole = self._whole.encode_batch_fast(inputs)
        long = [i for i, one in enumerate(whole) if len(one.ids) > self._length]
        cut = dict(zip(long, self._cut_batch([inputs[i] for i in long]), strict=True))
        chosen = [cut.get(i, one) for i, one in enumerate(whole)]
        return [
            self._once(Tokens(one.ids, one.type_ids, len(full.ids) - len(one.ids)))
            for one, full in zip(chosen, whole, strict=True)
        ]

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Tokenise in one batch without special tokens, and cut nothing."""
        inputs = [_without_surrogates(text) for text in texts]
        encoded = self._whole.encode_batch(inputs, add_special_tokens=False)
        return [Pieces(one.ids, one.offsets) for one in encoded]

    def wrap(self, ids: Sequence[int], pair: Sequence[int] | None = None) -> Tokens:
        """Put the special tokens around one text's ids, or a pair's."""
        texts = iter((ids,) if pair is None else (ids, pair))
        wrapped, segments = list[int](), list[int]()
        for part in self._single if pair is None else self._pair:
            own = [part.id] if part.id is not None else next(texts)
            wrapped += own
            segments += [part.segment] * len(own)
        return self._once(Tokens(wrapped, segments, 0))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, leaving special tokens out."""
        text: str = self._whole.decode(list(ids), skip_special_tokens=True)
        return text

    def _once(self, tokens: Tokens) -> Tokens:
        """Drop the BOS that was put before a text that begins with it."""
        bos = self._special.bos
        if self._bos_once and tokens.ids[:2] == [bos, bos]:
            return Tokens(tokens.ids[1:], tokens.segments[1:], tokens.truncated)
        return tokens

    @cached_property
    def _vocabulary_size(self) -> int:
        # Ids may have gaps, so their number would not do for a table of vectors.
        ids = self._whole.get_vocab(with_added_tokens=True).values()
        return max(ids, default=-1) + 1

    @cached_property
    def _cutter(self) -> Tokenizer:
        cutter = Tokenizer.from_str(self._whole.to_str())
        cutter.enable_truncation(self._length, strategy="longest_first")
        return cutter

    def _cut_batch(self, inputs: list[str | tuple[str, str]]) -> list[Encoding]:
        return self._cutter.encode_batch_fast(inputs) if inputs else []

    def _probe(self) -> str:
        """Return a text of one token or more: not every vocabulary has letters.

        Raises:
            CheckpointError: there is none.
        """
        for text in self._candidates():
            if self._whole.encode(text, add_special_tokens=False).ids:
                return text
        raise CheckpointError(
            "a tokenizer reads nothing of its own vocabulary: fetch the checkpoint again"
        )

    def _candidates(self) -> Iterator[str]:
        yield "a"
        added = self._whole.get_added_tokens_decoder().values()
        yield from (token.content for token in added)
        yield from self._whole.get_vocab()

    def _template(self, probe: str | tuple[str, str]) -> list[_Part]:
        """Learn from a text, or pair, where the special tokens stand."""
        encoded = self._whole.encode(*((probe,) if isinstance(probe, str) else probe))
        parts: list[_Part] = []
        tokens = zip(encoded.ids, encoded.type_ids, encoded.sequence_ids, strict=True)
        for text, run in groupby(tokens, key=lambda token: token[2]):
            if text is None:
                parts += [_Part(token, segment) for token, segment, _ in run]
            else:
                parts.append(_Part(None, next(run)[1]))
        return parts


def _readable(text: str, pair: str | None) -> str | tuple[str, str]:
    first = _without_surrogates(text)
    return first if pair is None else (first, _without_surrogates(pair))


def _without_surrogates(text: str) -> str:
    """Put U+FFFD for halves of characters, which are no text and no library takes."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)
