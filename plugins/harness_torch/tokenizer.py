"""Texts and pairs to token ids through the `tokenizers` library, with nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class TextTokenizer(Protocol):
    """What an adapter needs of a tokenizer."""

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files that make the same tokenizer again, by name."""

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise in one batch, cutting the longer of a pair first."""


class LibraryTokenizer:
    """A tokenizer of the `tokenizers` library, cutting what is too long.

    A tokenizer.json may have truncation and padding baked in: both are taken out.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, length: int, files: Mapping[str, bytes]
    ) -> None:
        self._whole = tokenizer
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cut = Tokenizer.from_str(tokenizer.to_str())
        self._cut.enable_truncation(length, strategy="longest_first")
        self._length = length
        self._files = files

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are, added tokens included."""
        return self._whole.get_vocab_size(with_added_tokens=True)

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


def read_tokenizer(
    path: Path, *, length: int, files: Mapping[str, bytes]
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
    return LibraryTokenizer(tokenizer, length=length, files=files)
