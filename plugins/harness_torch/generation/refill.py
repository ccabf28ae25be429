"""A stream of requests that are written together, each place given on at once.

Steps with many rows cost little more than steps with few, so a text that is finished
makes room for the next request of the stream, whose prompt is read in the same forward
that the others go on in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness import Budget, Encoded
from harness.requests import GenerateAnswer
from harness_torch.generation.loop import Asking, Decoding, Writing
from harness_torch.generation.stop_texts import Decode

_TOKENS_PER_ROW = 32
"""Of a budget, for each row: 64 rows of the usual 2,048. With 32 a CPU writes a fifth
slower, with 128 a fifth faster, but needs twice the memory."""

_MOST_ROWS = 512

_HELD = 16_384
"""Tokens that may be remembered before another text begins, or a budget of them where
that is more, or eight where that is less. What a CPU reads at once is bounded by its
caches; what it remembers is not."""

_HELD_PER_TOKEN = 8

_FORESEEN = 64
"""Tokens that a text is taken to come to, if it may; few write all that they may."""

_GAP = 8
"""An eighth of the rows must be free before others begin, so that few steps read."""


class Refill:
    """Texts that are being written, and the room for more.

    Args:
        decoding: without any row.
        budget: bounds rows, what they hold, and what one forward reads of prompts.
        decode: turns ids into text.
        end: ids that end a text.
        asking: how a request is to be written so that the model can.
        kind: what requests must have in common to stand side by side.
    """

    def __init__(
        self,
        decoding: Decoding,
        *,
        budget: Budget,
        decode: Decode,
        end: frozenset[int],
        asking: Callable[[Encoded], Asking],
        kind: Callable[[Encoded], object] = lambda _: None,
    ) -> None:
        self._writing = Writing(decoding, decode=decode, end=end)
        self._read = budget.tokens
        self._rows = min(_MOST_ROWS, max(1, budget.tokens // _TOKENS_PER_ROW))
        self._held = max(budget.tokens, min(_HELD, budget.tokens * _HELD_PER_TOKEN))
        self._asking = asking
        self._kind_of = kind
        self._kind: object = None
        self._ahead: Encoded | None = None

    def __len__(self) -> int:
        """How many requests are being answered."""
        return len(self._writing)

    @property
    def held(self) -> int:
        """How many tokens are remembered."""
        return self._writing.held()

    def take(self, stream: Iterator[Encoded]) -> list[Asking]:
        """Take of a stream what has room now; whoever is alone always has."""
        rows, held = self._writing.rows, self._writing.held(foreseen=_FORESEEN)
        reading = 0
        taken: list[Asking] = []
        if len(self) and rows + max(1, self._rows // _GAP) > self._rows:
            return taken
        while (item := self._next(stream)) is not None:
            asked = self._asking(item)
            rows += asked.request.beams
            reading += asked.tokens
            held += asked.held(foreseen=_FORESEEN)
            if not (len(self) or taken):
                self._kind = self._kind_of(item)
            elif (
                self._kind_of(item) != self._kind
                or rows > self._rows
                or reading > self._read
                or held > self._held
            ):
                break
            taken.append(asked)
            self._ahead = None
        return sorted(taken, key=lambda asked: asked.tokens)  # few layouts

    def advance(self, taken: Sequence[Asking]) -> list[tuple[Encoded, GenerateAnswer]]:
        """Write a token of each text; begin what was taken; return what is done.

        Raises:
            UsageError: a request asks for beams that make no sense.
            CheckpointError: the model's output is not a number.
        """
        return [
            (
                item,
                GenerateAnswer(
                    text=one.text,
                    finish_reason=one.finish_reason,
                    written_tokens=len(one.ids),
                ),
            )
            for item, one in self._writing.advance(taken)
        ]

    def _next(self, stream: Iterator[Encoded]) -> Encoded | None:
        """Look at the stream's next request, which stays ahead until it is taken."""
        if self._ahead is None:
            self._ahead = next(stream, None)
        return self._ahead
