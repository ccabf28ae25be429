"""Span corruption (Raffel et al. 2019, section 3.1.4).

As `random_spans_noise_mask` and `random_spans_helper` of T5's preprocessors.py
(google-research/text-to-text-transfer-transformer): spans of noise and of text take
turns, text first; both are divided at random; each noise span is a sentinel in the
source, each text span one in the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from harness_torch.lessons import Lesson


class Sizes(NamedTuple):
    """What is cut out of so many tokens: noise tokens, in so many spans."""

    noise: int
    spans: int


def sizes(tokens: int, *, noise_rate: float, mean_span: float) -> Sizes:
    """Return how much of some tokens is noise; two tokens or more."""
    noise = min(max(round(tokens * noise_rate), 1), tokens - 1)
    spans = max(round(noise / mean_span), 1)
    return Sizes(noise, min(spans, noise, tokens - noise))


def room_for(length: int, *, noise_rate: float, mean_span: float) -> int:
    """Return how many tokens make a source of a length, end token included.

    512 with the paper's rates is 568, with targets of 114 (T5's own docstring).
    """

    def source(tokens: int) -> int:
        noise, spans = sizes(tokens, noise_rate=noise_rate, mean_span=mean_span)
        return tokens - noise + spans + 1

    tokens = max(2, length - 1)
    while source(tokens + 1) <= length:
        tokens += 1
    return tokens


def corrupt(
    ids: Sequence[int],
    draw: Random,
    *,
    noise_rate: float,
    mean_span: float,
    sentinels: Sequence[int],
    end: int,
) -> Lesson:
    """Make a lesson of two tokens or more.

    Args:
        ids: the text.
        draw: draws where the spans are.
        noise_rate: share of the tokens that must be said.
        mean_span: tokens in a span, on average.
        sentinels: ids that stand for spans, in their order.
        end: the id that ends source and target.
    """
    noise, spans = sizes(len(ids), noise_rate=noise_rate, mean_span=mean_span)
    spans = min(spans, len(sentinels))
    kept = _divide(len(ids) - noise, spans, draw)
    cut = _divide(noise, spans, draw)
    source: list[int] = []
    target: list[int] = []
    start = 0
    for sentinel, text, gap in zip(sentinels, kept, cut, strict=False):
        source += [*ids[start : start + text], sentinel]
        target += [sentinel, *ids[start + text : start + text + gap]]
        start += text + gap
    return Lesson(ids=[*source, end], targets=[*target, end])


def _divide(total: int, parts: int, draw: Random) -> list[int]:
    """Divide a number into parts of one or more, every way as likely as another."""
    cuts = sorted(draw.sample(range(1, total), parts - 1))
    edges = [0, *cuts, total]
    return [after - before for before, after in pairwise(edges)]
