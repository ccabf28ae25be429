"""Writing text token by token: greedy, drawn, or by beams; stop texts and lengths.

A model plugin brings a `Decoding`, which holds the state of the rows of a batch (its
key-value cache); everything that chooses tokens is here, once for all families.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from harness import UsageError
from harness.requests import Generate
from harness_torch.generation.beams import Beams, candidates
from harness_torch.generation.line import Line
from harness_torch.generation.stop_texts import Decode, StopTexts
from harness_torch.positions import count

Writer = Line | Beams


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
    decode: Decode,
    end: frozenset[int],
) -> list[Written]:
    """Continue every row of a batch.

    A request that is finished leaves the batch: its rows are not selected again.

    Args:
        decoding: one row for each request, after its prompt.
        logits: fp32 logits of each row's first token, ``(requests, vocabulary)``.
        asked: how each row is to be written; they may differ in everything.
        decode: turns ids into text.
        end: ids that end a text.

    Raises:
        UsageError: a request asks for beams that are drawn, or for none.
    """
    writers = [_writer(request, decode, end) for request in asked]
    rows = [row for row, request in enumerate(asked) if request.max_tokens > 0]
    still = [writers[row] for row in rows]
    if 0 < len(rows) < len(asked):
        kept = torch.tensor(rows, device=logits.device)
        decoding.select(kept)
        logits = logits[kept]
    while still:
        still, rows, tokens = _choose(logits, still)
        if still:
            if rows != list(range(len(logits))):
                decoding.select(torch.tensor(rows, device=logits.device))
            count(len(tokens), len(tokens))
            logits = decoding.step(torch.tensor(tokens, device=logits.device))
    return [
        _written(writer, StopTexts(request.stop, decode))
        for writer, request in zip(writers, asked, strict=True)
    ]


class _Step(NamedTuple):
    """Which writers go on, from which rows and with which tokens."""

    writers: list[Writer]
    rows: list[int]
    tokens: list[int]


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
    greedy = logits.argmax(dim=-1).tolist()
    chosen = _Step([], [], [])
    for start, writer in zip(starts, writers, strict=True):
        goes_on = (
            writer.advance(greedy[start], logits[start])
            if isinstance(writer, Line)
            else writer.advance(next(found))
        )
        if goes_on:
            chosen.writers.append(writer)
            chosen.rows.extend(start + row for row in writer.rows)
            chosen.tokens.extend(writer.tokens)
    return chosen


def _written(writer: Writer, stops: StopTexts) -> Written:
    reason = writer.finish_reason
    ids = writer.ids[:-1] if reason == "end" else writer.ids
    text, is_cut = stops.cut(ids)
    return Written(ids, text, "stop" if is_cut else reason)
