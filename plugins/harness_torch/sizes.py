"""How large a model from scratch is. Light: no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from harness import UsageError

TokenizerKind = Literal["wordpiece", "bpe", "unigram"]

_SMALLEST = 300
"""Ids that a vocabulary needs for bytes and special tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large a model is, and how it cuts text.

    Attributes:
        width: of hidden states; a multiple of `heads`.
        layers: of each stack.
        heads: of attention.
        inner: width of the feed-forward layers; four times `width` where None.
        length: the longest input in tokens.
        vocabulary: most ids that the tokenizer has; a small text makes fewer.
        tokenizer: how it cuts words: ``wordpiece``, ``bpe`` (of bytes) or ``unigram``.
        lowercase: whether it reads all letters as small ones.
    """

    width: int = 256
    layers: int = 4
    heads: int = 4
    inner: int | None = None
    length: int = 512
    vocabulary: int = 8000
    tokenizer: TokenizerKind = "bpe"
    lowercase: bool = False

    def __post_init__(self) -> None:
        for name in ("width", "layers", "heads", "inner"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise size_error(name, value, "1 or more")
        if self.width % self.heads:
            expected = f"a multiple of the {self.heads} heads"
            raise size_error("width", self.width, expected)
        if self.length < 8:
            raise size_error("length", self.length, "8 or more")
        if self.vocabulary < _SMALLEST:
            raise size_error("vocabulary", self.vocabulary, f"{_SMALLEST} or more")

    @property
    def spread(self) -> float:
        """The standard deviation of fresh matrices.

        The root of 2 / (5 width), "SmallInit" of Nguyen and Salazar 2019 (section 2.2):
        at BERT's width of 768 nearly its 0.02, and more where width is less.
        """
        return round(math.sqrt(0.4 / self.width), 4)

    @property
    def feed_forward(self) -> int:
        """The width of the feed-forward layers."""
        return 4 * self.width if self.inner is None else self.inner


def size_error(name: str, value: object, expected: str) -> UsageError:
    """Make the error for a size out of its range."""
    return UsageError(
        f"the new model's {name} is {value}, expected {expected}: correct --from-scratch"
    )
