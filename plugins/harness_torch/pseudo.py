"""`PseudoLikelihood`: each token of a text masked in turn, given all the others.

Salazar et al. 2020, https://arxiv.org/abs/1910.14659: the sum of the log-probabilities
of the true tokens, over the whole vocabulary. A text longer than the model is read in
windows that share half, each token in the one where most stands on both of its sides.
So a text of n tokens takes n readings of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from harness import CheckpointError, Encoded
from harness.requests import PseudoLikelihood, PseudoLikelihoodAnswer
from harness_torch.abilities import check_finite
from harness_torch.blanks import Logits, MaskedRow
from harness_torch.scoring import ROWS
from harness_torch.tokenizers.protocol import TextTokenizer
from harness_torch.windows import home_of, window_starts

AT_ONCE = 8192
"""Tokens that are read together; a text has as many rows as tokens."""


class Masked(NamedTuple):
    """A row with one mask, and the token that stands there in truth."""

    row: MaskedRow
    token: int


class PseudoAbility:
    """Answers `PseudoLikelihood`; nothing is ever cut.

    Args:
        tokenizer: makes ids of texts.
        length: the longest input in tokens.
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

    def encode(self, requests: Sequence[PseudoLikelihood]) -> list[Encoded]:
        """Tokenise texts; the rows are made when they are read.

        Raises:
            CheckpointError: the tokenizer has no mask.
        """
        pieces = self._tokenizer.pieces([request.text for request in requests])
        special = len(self._tokenizer.wrap([]).ids)
        if self._tokenizer.special.mask is None:
            raise CheckpointError(
                f"the tokenizer of {self._title} has no mask token, so no token can be "
                "masked: name it in tokenizer_config.json, or choose another model"
            )
        return [
            Encoded(
                key=key,
                request=request,
                cost=max(1, len(one.ids) * min(len(one.ids) + special, self._length)),
                ids=one.ids,
            )
            for key, (request, one) in enumerate(zip(requests, pieces, strict=True))
        ]

    def answer(
        self, batch: Sequence[Encoded]
    ) -> Iterator[tuple[int, PseudoLikelihoodAnswer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        every = (masked for item in batch for masked in self._masked(item.ids))
        scores = iter(self._scores(every))
        for item in batch:
            text = cast(PseudoLikelihood, item.request).text
            yield (
                item.key,
                PseudoLikelihoodAnswer(
                    tokens=item.cost if item.ids else 0,
                    nats=float(sum(next(scores) for _ in item.ids)),
                    token_count=len(item.ids),
                    word_count=len(text.split()),
                    byte_count=len(text.encode()),
                ),
            )

    def _masked(self, ids: Sequence[int]) -> Iterator[Masked]:
        template = self._tokenizer.wrap([-1]).ids
        before, room = template.index(-1), self._length - len(template) + 1
        starts = window_starts(len(ids), room)
        mask = cast(int, self._tokenizer.special.mask)
        for place, token in enumerate(ids):
            start = starts[home_of(place, starts, room)]
            part = list(ids[start : start + room])
            part[place - start] = mask
            row = MaskedRow(self._tokenizer.wrap(part), before + place - start)
            yield Masked(row, token)

    def _scores(self, every: Iterator[Masked]) -> Iterator[float]:
        """Yield the log-probability of each true token."""
        chunk: list[Masked] = []
        read = 0
        for masked in every:
            chunk.append(masked)
            read += len(masked.row.tokens.ids)
            if read >= AT_ONCE or len(chunk) == ROWS:
                yield from self._score(chunk)
                chunk, read = [], 0
        if chunk:
            yield from self._score(chunk)

    def _score(self, chunk: Sequence[Masked]) -> list[float]:
        logits = self._logits([masked.row for masked in chunk]).float()
        check_finite(logits, self._title)
        tokens = [masked.token for masked in chunk]
        found = logits.log_softmax(-1)[range(len(chunk)), tokens]
        values: list[float] = found.tolist()
        return values
