"""Beam search for one request, token by token equal to that of transformers.

Of its many variants this is the one of transformers (5.23, `generation/utils.py`,
`_beam_search`, with ``early_stopping=False``): a text that ends is kept with its summed
log-probability, divided by its length (end token included) to the power of the length
penalty; the search is over when as many texts are kept as there are beams and the best
unfinished one, as it stands, is no better than the worst of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from harness.requests import Generate
from harness_torch.generation.stop_texts import StopTexts, ending


class Candidate(NamedTuple):
    """A beam continued by one token.

    Attributes:
        total: summed log-probability.
        scaled: the same divided by the length to the power of the penalty.
        row: which of the beams is continued.
        token: by what.
    """

    total: float
    scaled: float
    row: int
    token: int


class Kept(NamedTuple):
    """A finished text."""

    scaled: float
    ids: list[int]
    finish_reason: str


class Beams:
    """The beams of one request.

    Attributes:
        totals: the summed log-probability of each beam, as fp32 has it.
        rows: which beams of the step before the present ones continue.
    """

    def __init__(
        self, request: Generate, *, stops: StopTexts, end: frozenset[int]
    ) -> None:
        self._request = request
        self._stops = stops
        self._end = end
        self._texts: list[list[int]] = [[]]
        self._kept: list[Kept] = []
        self.totals = [0.0]
        self.rows = [0]

    @property
    def considers(self) -> int:
        """How many candidates are looked at: enough for all beams to go on."""
        return max(2, 1 + len(self._end)) * self._request.beams

    @property
    def divisor(self) -> float:
        """What divides the totals of the next candidates."""
        return float((len(self._texts[0]) + 1) ** self._request.length_penalty)

    @property
    def length(self) -> int:
        """How many tokens each beam has written so far."""
        return len(self._texts[0]) if self._texts else 0

    @property
    def tokens(self) -> list[int]:
        """The last token of each beam."""
        return [text[-1] for text in self._texts]

    @property
    def ids(self) -> list[int]:
        """The best finished text, once the search is over."""
        return self._kept[0].ids if self._kept else []

    @property
    def finish_reason(self) -> str:
        """Why the best finished text ended."""
        return self._kept[0].finish_reason if self._kept else "length"

    def advance(self, candidates: Sequence[Candidate]) -> bool:
        """Take a step, and tell whether the search goes on.

        Args:
            candidates: the `considers` best, the best first.
        """
        goes_on: list[tuple[Candidate, list[int]]] = []
        for rank, candidate in enumerate(candidates):
            text = [*self._texts[candidate.row], candidate.token]
            reason = ending(text, self._request, self._stops, self._end)
            if reason is None:
                goes_on.append((candidate, text))
            elif rank < self._request.beams:  # those behind only stand in for others
                self._kept.append(Kept(candidate.scaled, text, reason))
        self._kept.sort(key=lambda kept: -kept.scaled)
        del self._kept[self._request.beams :]
        del goes_on[self._request.beams :]
        self._texts = [text for _, text in goes_on]
        self.totals = [candidate.total for candidate, _ in goes_on]
        self.rows = [candidate.row for candidate, _ in goes_on]
        return bool(goes_on) and self._may_improve(goes_on[0][0])

    def _may_improve(self, best: Candidate) -> bool:
        is_full = len(self._kept) == self._request.beams
        return not is_full or best.scaled > self._kept[-1].scaled


def candidates(
    logits: Tensor, searches: Sequence[tuple[int, Beams]]
) -> list[list[Candidate]]:
    """Find the best continuations of each search, for all of them at once.

    Sums and quotients are fp32, as in the reference: in fp64 other beams may win.

    Args:
        logits: of every row of the batch, ``(rows, vocabulary)``.
        searches: each with the row of its first beam.
    """
    if not searches:
        return []
    rows = [start + row for start, s in searches for row in range(len(s.totals))]
    most = max(search.considers for _, search in searches)
    own = logits if len(rows) == len(logits) else logits[rows]
    scores = own.float().log_softmax(dim=-1)  # (beams of all, vocabulary)
    best = scores.topk(min(most, scores.shape[1]))
    before = torch.tensor([t for _, s in searches for t in s.totals])
    divisors = torch.tensor([s.divisor for _, s in searches for _ in s.totals])
    totals = best.values.cpu() + before[:, None]
    scaled = totals / divisors[:, None]
    table = zip(totals.tolist(), scaled.tolist(), best.indices.tolist(), strict=True)
    return [_ranked([next(table) for _ in s.totals], s.considers) for _, s in searches]


def _ranked(
    table: Sequence[tuple[list[float], list[float], list[int]]], count: int
) -> list[Candidate]:
    """Return the best candidates of all beams, the best first."""
    found = [
        Candidate(total, scaled, row, token)
        for row, columns in enumerate(table)
        for total, scaled, token in zip(*columns, strict=True)
    ]
    return sorted(found, key=lambda candidate: -candidate.total)[:count]
