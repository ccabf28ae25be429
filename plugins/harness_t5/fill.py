"""`Fill`: the blank is a sentinel, and each candidate what stands behind it.

So T5 was trained (Raffel et al. 2019, section 3.1.4): the source ``Thank you
<extra_id_0> inviting me`` has the target ``<extra_id_0> for <extra_id_1>``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from harness import CheckpointError, Encoded
from harness.requests import BLANK, Fill, FillAnswer
from harness_t5.model import T5
from harness_t5.sources import by_length, encoded
from harness_t5.targets import score_targets
from harness_torch.blanks import check_blank
from harness_torch.tokenizers.protocol import TextTokenizer, Tokens

_OPEN, _CLOSE = "<extra_id_0>", "<extra_id_1>"


class FillAbility:
    """Answers `Fill`; the probabilities compare the candidates with one another.

    Args:
        module: what scores.
        tokenizer: makes ids of texts, sentinels included.
        length: the longest source in tokens.
        title: how messages name the model.
    """

    def __init__(
        self, module: T5, *, tokenizer: TextTokenizer, length: int, title: str
    ) -> None:
        self._module = module
        self._tokenizer = tokenizer
        self._length = length
        self._title = title

    def encode(self, requests: Sequence[Fill]) -> list[Encoded]:
        """Tokenise texts and candidates; what is too long is cut around the blank.

        Raises:
            CheckpointError: the tokenizer has no sentinels.
            PluginError: a text has not one blank, or there are no candidates.
        """
        sentinel = self._sentinel()
        texts = [_with_sentinel(request) for request in requests]
        every = list(dict.fromkeys(c for r in requests for c in r.candidates))
        targets = [f"{_OPEN} {candidate.strip()} {_CLOSE}" for candidate in every]
        pieces = zip(every, self._tokenizer.pieces(targets), strict=True)
        ids = {candidate: one.ids for candidate, one in pieces}
        rows = zip(requests, texts, self._tokenizer.pieces(texts), strict=True)
        return [
            replace(
                encoded(
                    key,
                    request,
                    self._source(text, one.ids, sentinel),
                    cost=sum(len(ids[c]) for c in request.candidates),
                ),
                extra={"candidates": [ids[c] for c in request.candidates]},
            )
            for key, (request, text, one) in enumerate(rows)
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, FillAnswer]]:
        """Answer each request of a batch."""
        ordered = by_length(batch)
        targets = [item.extra["candidates"] for item in ordered]
        scored = score_targets(self._module, ordered, targets, title=self._title)
        for item, candidates in zip(ordered, scored, strict=True):
            summed = [sum(one.log_probability for one in c) for c in candidates]
            shares = torch.tensor(summed, dtype=torch.float64).softmax(dim=0)
            yield (
                item.key,
                FillAnswer(probabilities=tuple(shares.tolist()), tokens=item.cost),
            )

    def _sentinel(self) -> int:
        (one,) = self._tokenizer.pieces([_OPEN])
        if len(one.ids) != 1:
            raise CheckpointError(
                f"the tokenizer of {self._title} reads {_OPEN} as {len(one.ids)} "
                "tokens: a T5's tokenizer has it as one, so add it to the special tokens"
            )
        return one.ids[0]

    def _source(self, text: str, ids: list[int], sentinel: int) -> Tokens:
        """Put special tokens around a text's ids, or those around its blank."""
        if sentinel not in ids:
            raise CheckpointError(
                f"the tokenizer of {self._title} does not read {_OPEN} whole in "
                f"{text!r}: put spaces around the blank, or add it to the tokenizer's "
                "special tokens"
            )
        room = self._length - len(self._tokenizer.wrap([]).ids)
        excess = max(len(ids) - room, 0)
        start = min(max(ids.index(sentinel) - room // 2, 0), excess)
        tokens = self._tokenizer.wrap(ids[start : start + room] if excess else ids)
        return tokens._replace(truncated=excess)


def _with_sentinel(request: Fill) -> str:
    check_blank(request)
    return request.text.replace(BLANK, _OPEN)
