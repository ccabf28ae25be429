"""Texts and pairs to token ids through the `tokenizers` library, with nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

from tokenizers import Tokenizer

from harness import CheckpointError

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


class TextTokenizer(Protocol):
    """What an adapter needs of a tokenizer."""

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are."""

    @property
    def special(self) -> SpecialIds:
        """The special tokens."""

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
        """Put the special tokens around one text's ids, or a pair's."""

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, leaving special tokens out and spaces as they are."""


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
    ) -> None:
        self._whole = tokenizer
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cut = Tokenizer.from_str(tokenizer.to_str())
        self._cut.enable_truncation(length, strategy="longest_first")
        self._length = length
        self._files = files
        self._single = self._template("a")
        self._pair = self._template(("a", "b"))
        self._special = special

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are, added tokens included."""
        return self._whole.get_vocab_size(with_added_tokens=True)

    @property
    def special(self) -> SpecialIds:
        """The special tokens."""
        return self._special

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files that make the same tokenizer again, by name."""
        return self._files

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise in one batch, cutting the longer of a pair first."""
        inputs = [text if pair is None else (text, pair) for text, pair in texts]
        whole = self._whole.encode_batch_fast(inputs)
        long = [i for i, one in enumerate(whole) if len(one.ids) > self._length]
        cut = dict(
            zip(
                long,
                self._cut.encode_batch_fast([inputs[i] for i in long]),
                strict=True,
            )
        )
        chosen = [cut.get(i, one) for i, one in enumerate(whole)]
        return [
            Tokens(one.ids, one.type_ids, len(full.ids) - len(one.ids))
            for one, full in zip(chosen, whole, strict=True)
        ]

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Tokenise in one batch without special tokens, and cut nothing."""
        encoded = self._whole.encode_batch(list(texts), add_special_tokens=False)
        return [Pieces(one.ids, one.offsets) for one in encoded]

    def wrap(self, ids: Sequence[int], pair: Sequence[int] | None = None) -> Tokens:
        """Put the special tokens around one text's ids, or a pair's."""
        texts = iter((ids,) if pair is None else (ids, pair))
        wrapped, segments = list[int](), list[int]()
        for part in self._single if pair is None else self._pair:
            own = [part.id] if part.id is not None else next(texts)
            wrapped += own
            segments += [part.segment] * len(own)
        return Tokens(wrapped, segments, 0)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, leaving special tokens out."""
        text: str = self._whole.decode(list(ids), skip_special_tokens=True)
        return text

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


def read_tokenizer(
    path: Path, *, length: int, files: Mapping[str, bytes], special: SpecialIds
) -> LibraryTokenizer:
    """Read a tokenizer.json.

    Raises:
        CheckpointError: the file is not one.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no narrower one
        raise CheckpointError(
            f"{path} is no tokenizer that can be read ({error}): fetch the checkpoint "
            "again"
        ) from error
    return LibraryTokenizer(tokenizer, length=length, files=files, special=special)
