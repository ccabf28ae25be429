"""Writes requests one after another in a few rows, as a session does."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Encoded
from harness.requests import Generate
from harness_torch.generation.loop import Asking, Decoding, Writing, Written
from harness_torch.generation.stop_texts import Decode


def write(
    decoding: Decoding,
    prompts: Sequence[Sequence[int]],
    asked: Sequence[Generate],
    *,
    decode: Decode,
    end: frozenset[int],
    at_once: int = 10**9,
) -> list[Written]:
    """Write all requests, at most some at once, and return what came of each."""
    writing = Writing(decoding, decode=decode, end=end)
    waiting = [
        Asking(Encoded(key=key, request=request, cost=1, ids=ids), request, len(ids))
        for key, (ids, request) in enumerate(zip(prompts, asked, strict=True))
    ]
    written: dict[int, Written] = {}
    while waiting or len(writing):
        free = at_once - len(writing)
        taken, waiting = waiting[:free], waiting[free:]
        for item, one in writing.advance(taken):
            written[item.key] = one
    return [written[key] for key in range(len(asked))]
