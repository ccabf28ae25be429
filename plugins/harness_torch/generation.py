"""Writing text token by token: greedy, drawn, or by beams; stop texts and lengths.

A model plugin brings a `Decoding`, which holds the state of the rows of a batch (its
key-value cache); everything that chooses tokens is here, once for all families.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from torch import Tensor

from harness.requests import Generate


class Decoding(Protocol):
    """Rows of a batch that are being continued, with all that they remember."""

    def step(self, tokens: Tensor) -> Tensor:
        """Append one token to each row and return what may come next.

        Args:
            tokens: ``(rows,)``.

        Returns:
            fp32 logits of each row's next token, ``(rows, vocabulary)``.
        """

    def select(self, rows: Tensor) -> None:
        """Keep these rows, in this order; one may be repeated or left out.

        Args:
            rows: indices into the present rows, ``(new rows,)``.
        """


class Written(NamedTuple):
    """What was written for one request.

    Attributes:
        ids: token ids, the end token left out.
        text: their text, cut before the stop text.
        finish_reason: ``stop`` (a stop text), ``end`` (the model's own end) or
            ``length``.
    """

    ids: list[int]
    text: str
    finish_reason: str


def write(
    decoding: Decoding,
    logits: Tensor,
    asked: Sequence[Generate],
    *,
    decode: Callable[[Sequence[int]], str],
    end: frozenset[int],
) -> list[Written]:
    """Continue every row of a batch.

    Args:
        decoding: one row for each request, after its prompt.
        logits: fp32 logits of each row's first token, ``(requests, vocabulary)``.
        asked: how each row is to be written; they may differ in everything.
        decode: turns ids into text.
        end: ids that end a text.
    """
    raise NotImplementedError
