"""`Fill`: which candidate a masked-language model would put into the blank.

A candidate's score is its pseudo-log-likelihood given the rest of the text (Salazar et
al. 2020, https://arxiv.org/abs/1910.14659): each of its tokens is masked in turn, all
else as it stands with the candidate filled in, and the log-probabilities of the true
tokens, over the whole vocabulary, are summed. For a candidate of one token that is its
log-probability at a single mask; all such candidates share one row. So candidates of
one token and of several are compared by the same sum, and the probabilities are its
softmax over the candidates. (A sum, not a mean: every token of a candidate counts.)
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from torch import Tensor

from harness import CheckpointError, Encoded, PluginError
from harness.requests import BLANK, Answer, Fill, FillAnswer
from harness_torch.abilities import check_finite
from harness_torch.tokenizers.protocol import Pieces, TextTokenizer, Tokens

_ROWS = 256  # rows of logits over a vocabulary that are held at once


class MaskedRow(NamedTuple):
    """A row with one mask, and the place of that."""

    tokens: Tokens
    place: int


class Target(NamedTuple):
    """A token of a candidate: the row that masks it, and what is right there."""

    row: int
    token: int


Logits = Callable[[Sequence[MaskedRow]], Tensor]
"""Runs rows and returns logits over the vocabulary at each mask, ``(rows, V)``."""


class BlankFiller:
    """Answers `Fill`.

    Args:
        tokenizer: makes ids of texts.
        length: the longest input in tokens; a longer text keeps what stands nearest to
            the blank.
        logits: runs the module.
        title: how messages name the model.
    """

    def __init__(
        self, *, tokenizer: TextTokenizer, length: int, logits: Logits, title: str
    ) -> None:
        self._tokenizer = tokenizer
        self._length = length
        self._logits = logits
        self._title = title

    def encode(self, requests: Sequence[Fill]) -> list[Encoded]:
        """Fill every candidate in and mask its tokens in turn.

        Raises:
            PluginError: a text has not one blank, there are no candidates, or one of
                them has no token or more than the model can read.
            CheckpointError: the tokenizer has no mask.
        """
        filled = [fill_in(request) for request in requests]
        pieces = iter(self._tokenizer.pieces([t for texts in filled for t in texts]))
        return [
            self._encode(key, request, [next(pieces) for _ in texts])
            for key, (request, texts) in enumerate(zip(requests, filled, strict=True))
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, Answer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        rows: list[MaskedRow] = []
        wanted: list[Target] = []
        for item in batch:
            wanted += [
                Target(len(rows) + target.row, target.token)
                for targets in item.extra["candidates"]
                for target in targets
            ]
            rows += item.extra["rows"]
        scores = iter(self._log_probabilities(rows, wanted))
        for item in batch:
            sums = [
                sum(next(scores) for _ in targets)
                for targets in item.extra["candidates"]
            ]
            yield (
                item.key,
                FillAnswer(probabilities=_softmax(sums), tokens=item.cost),
            )

    def _encode(self, key: int, request: Fill, filled: Sequence[Pieces]) -> Encoded:
        rows: list[MaskedRow] = []
        known: dict[tuple[tuple[int, ...], int], int] = {}
        candidates, cut = [], 0
        for candidate, pieces in zip(request.candidates, filled, strict=True):
            places = self._places(request, candidate, pieces)
            ids, first = self._window(pieces.ids, places)
            cut = max(cut, len(pieces.ids) - len(ids))
            targets = []
            for place in places:
                row = self._mask(ids, place - first)
                at = known.setdefault((tuple(row.tokens.ids), row.place), len(rows))
                rows += [row] if at == len(rows) else []
                targets.append(Target(at, pieces.ids[place]))
            candidates.append(targets)
        return Encoded(
            key=key,
            request=request,
            cost=sum(len(row.tokens.ids) for row in rows),
            truncated_tokens=cut,
            truncated_side="both",
            extra={"rows": rows, "candidates": candidates},
        )

    def _places(self, request: Fill, candidate: str, pieces: Pieces) -> list[int]:
        """Return the tokens that the candidate has a part in."""
        start = request.text.index(BLANK)
        end = start + len(candidate)
        places = [
            place
            for place, (begins, ends) in enumerate(pieces.offsets)
            if begins < end and ends > start and begins < ends
        ]
        room = self._length - self._special
        if 0 < len(places) <= room:
            return places
        raise PluginError(
            f"the candidate {candidate[:40]!r} of a Fill request has {len(places)} "
            f"tokens, expected 1 to {room}: correct the formulation"
        )

    @property
    def _special(self) -> int:
        return len(self._tokenizer.wrap([]).ids)

    def _window(self, ids: list[int], places: list[int]) -> tuple[list[int], int]:
        """Return the part that fits, the blank in its middle, and where it begins."""
        room = self._length - self._special
        middle = (places[0] + places[-1] + 1) // 2
        first = max(0, min(middle - room // 2, len(ids) - room))
        return ids[first : first + room], first

    def _mask(self, ids: list[int], place: int) -> MaskedRow:
        mask = self._tokenizer.special.mask
        if mask is None:
            raise CheckpointError(
                f"the tokenizer of {self._title} has no mask token, so no blank can be "
                "filled: name it in tokenizer_config.json, or choose another model"
            )
        masked = [*ids[:place], mask, *ids[place + 1 :]]
        before = self._tokenizer.wrap([-1]).ids.index(-1)
        return MaskedRow(self._tokenizer.wrap(masked), before + place)

    def _log_probabilities(
        self, rows: Sequence[MaskedRow], wanted: Sequence[Target]
    ) -> list[float]:
        """Return the log-probability of each token wanted."""
        order = sorted(range(len(rows)), key=lambda place: len(rows[place].tokens.ids))
        of_row: dict[int, list[int]] = defaultdict(list)
        for at, target in enumerate(wanted):
            of_row[target.row].append(at)
        scores = [0.0] * len(wanted)
        for start in range(0, len(order), _ROWS):
            chunk = order[start : start + _ROWS]
            logits = self._logits([rows[place] for place in chunk]).float()
            check_finite(logits, self._title)
            here = [(n, at) for n, place in enumerate(chunk) for at in of_row[place]]
            lines, tokens = [n for n, _ in here], [wanted[at].token for _, at in here]
            found = logits.log_softmax(-1)[lines, tokens].tolist()
            for (_, at), score in zip(here, found, strict=True):
                scores[at] = score
        return scores


def check_blank(request: Fill) -> None:
    """Refuse a request that nothing can be filled into.

    Raises:
        PluginError: its text has not one blank, or there are no candidates.
    """
    count = request.text.count(BLANK)
    if count != 1 or not request.candidates:
        raise PluginError(
            f"a Fill request has {count} times {BLANK} and {len(request.candidates)} "
            "candidates, expected one blank and a candidate or more: correct the "
            "formulation"
        )


def fill_in(request: Fill) -> list[str]:
    """Return the text with each candidate in its blank.

    Raises:
        PluginError: the text has not one blank, or there are no candidates.
    """
    check_blank(request)
    return [request.text.replace(BLANK, candidate) for candidate in request.candidates]


def _softmax(scores: Sequence[float]) -> tuple[float, ...]:
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return tuple(power / total for power in powers)
