"""Writing text token by token: greedy, drawn, or by beams; stop texts and lengths.

A model plugin brings a `Decoding`, which holds the state of the rows of a batch (its
key-value cache); everything that chooses tokens is here, once for all families.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, compress
from typing import NamedTuple, Protocol

from torch import Tensor

from harness import Encoded, UsageError
from harness.requests import Generate
from harness_torch.generation.beams import Beams, candidates
from harness_torch.generation.line import Line
from harness_torch.generation.stop_texts import Decode, StopTexts
from harness_torch.positions import count

Writer = Line | Beams


class Decoding(Protocol):
    """Rows that are being continued, with all that they remember."""

    def go_on(self, tokens: Sequence[int], newcomers: Sequence[Encoded]) -> Tensor:
        """Append one token to each row, and begin a row for each newcomer behind them.

        Args:
            tokens: of each row, in order.
            newcomers: requests whose prompts are read.

        Returns:
            fp32 logits of each row's next token, ``(rows, vocabulary)``.
        """

    def select(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; one may be repeated or left out.

        The rows of one request stay neighbours.
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


class Asking(NamedTuple):
    """What is to be written behind what.

    Attributes:
        item: the request with its prompt's token ids.
        request: how the text is to be written.
        tokens: how many of the prompt are held for this text alone.
    """

    item: Encoded
    request: Generate
    tokens: int

    def held(self, written: int = 0, *, foreseen: int = 0) -> int:
        """Return how many tokens all beams hold.

        Args:
            written: how many tokens each has written.
            foreseen: how many each is taken to have written at least, if it may.
        """
        most = max(written, min(foreseen, self.request.max_tokens))
        return (self.tokens + most) * self.request.beams


class Writing:
    """Texts that are written together; they may differ in everything.

    Args:
        decoding: without any row at first.
        decode: turns ids into text.
        end: ids that end a text.
    """

    def __init__(
        self, decoding: Decoding, *, decode: Decode, end: frozenset[int]
    ) -> None:
        self._decoding = decoding
        self._decode = decode
        self._end = end
        self._asked: list[Asking] = []
        self._writers: list[Writer] = []
        self._tokens: list[int] = []

    def __len__(self) -> int:
        """How many texts are not finished yet."""
        return len(self._asked)

    @property
    def rows(self) -> int:
        """How many rows they are, counting all beams."""
        return sum(one.request.beams for one in self._asked)

    def held(self, *, foreseen: int = 0) -> int:
        """Return how many tokens they hold; see `Asking.held`."""
        pairs = zip(self._asked, self._writers, strict=True)
        return sum(one.held(writer.length, foreseen=foreseen) for one, writer in pairs)

    def advance(self, newcomers: Sequence[Asking]) -> list[tuple[Encoded, Written]]:
        """Write a token of every text, and return those that this finishes.

        Args:
            newcomers: what is begun now, too.

        Raises:
            UsageError: a newcomer asks for beams that are drawn, or for none.
        """
        writers = [_writer(one.request, self._decode, self._end) for one in newcomers]
        begun = [one.request.max_tokens > 0 for one in newcomers]
        done = [
            (one.item, Written([], "", "length"))
            for one, is_begun in zip(newcomers, begun, strict=True)
            if not is_begun
        ]
        new = list(compress(newcomers, begun))
        self._asked += new
        self._writers += compress(writers, begun)
        if self._asked:
            count(len(self._tokens), len(self._tokens))
            logits = self._decoding.go_on(self._tokens, [one.item for one in new])
            done += self._take(_choose(logits, self._writers))
        return done

    def _take(self, chosen: _Step) -> list[tuple[Encoded, Written]]:
        """Let finished texts go; the last ones take their places."""
        pairs = zip(self._asked, self._writers, chosen.goes_on, strict=True)
        done = [
            (one.item, _written(writer, StopTexts(one.request.stop, self._decode)))
            for one, writer, goes_on in pairs
            if not goes_on
        ]
        order = _closed_up(chosen.goes_on)
        self._asked = [self._asked[place] for place in order]
        self._writers = [self._writers[place] for place in order]
        self._decoding.select([row for place in order for row in chosen.rows[place]])
        self._tokens = [token for writer in self._writers for token in writer.tokens]
        return done


class _Step(NamedTuple):
    """Which texts go on, each from which rows."""

    goes_on: list[bool]
    rows: list[list[int]]


def check_search(request: Generate) -> None:
    """Refuse a way to search that there is not.

    Raises:
        UsageError: the request asks for beams that are drawn, or for none.
    """
    if request.beams < 1 or (request.beams > 1 and request.temperature > 0):
        raise UsageError(
            f"a text was to be written with {request.beams} beams at temperature "
            f"{request.temperature:g}: expected one beam or more, and temperature 0 "
            "where there are several, so change the settings"
        )


def _writer(request: Generate, decode: Decode, end: frozenset[int]) -> Writer:
    check_search(request)
    stops = StopTexts(request.stop, decode)
    if request.beams == 1:
        return Line(request, stops=stops, end=end)
    return Beams(request, stops=stops, end=end)


def _choose(logits: Tensor, writers: Sequence[Writer]) -> _Step:
    widths = [1 if isinstance(w, Line) else len(w.totals) for w in writers]
    starts = list(accumulate(widths, initial=0))[:-1]
    searches = [
        (start, writer)
        for start, writer in zip(starts, writers, strict=True)
        if isinstance(writer, Beams)
    ]
    found = iter(candidates(logits, searches))
    has_lines = len(searches) < len(writers)
    greedy = logits.argmax(dim=-1).tolist() if has_lines else []
    goes_on = [
        writer.advance(greedy[start], logits[start])
        if isinstance(writer, Line)
        else writer.advance(next(found))
        for start, writer in zip(starts, writers, strict=True)
    ]
    rows = [
        [start + row for row in writer.rows]
        for start, writer in zip(starts, writers, strict=True)
    ]
    return _Step(goes_on, rows)


def _closed_up(stays: Sequence[bool]) -> list[int]:
    """Return the places of those that stay; the last fill the gaps of those that go."""
    order = list(range(len(stays)))
    place = 0
    while place < len(order):
        if stays[order[place]]:
            place += 1
        elif place < (last := len(order) - 1):
            order[place] = order.pop(last)
        else:
            order.pop()
    return order


def _written(writer: Writer, stops: StopTexts) -> Written:
    reason = writer.finish_reason
    ids = writer.ids[:-1] if reason == "end" else writer.ids
    text, is_cut = stops.cut(ids)
    return Written(ids, text, "stop" if is_cut else reason)
